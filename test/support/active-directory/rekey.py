# Gives an account of the domain a new key and exports it: as when an application's password is changed.
import json
import sys

import samba.dckeytab  # noqa: F401 (adds Net.export_keytab)
from samba import param
from samba.auth import system_session
from samba.credentials import Credentials
from samba.net import Net
from samba.samdb import SamDB

wanted = json.load(sys.stdin)
folder, name = wanted["folder"], wanted["name"]
parameters = param.LoadParm()
parameters.load(folder + "/smb.conf")
database = SamDB(url=folder + "/private/sam.ldb", session_info=system_session(), lp=parameters)
database.setpassword("(sAMAccountName=%s)" % name, wanted["password"])
Net(Credentials(), parameters).export_keytab(keytab=wanted["keytab"], principal=wanted["principal"])
