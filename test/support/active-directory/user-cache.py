# Signs a user in with their password and leaves a credential cache, as `kinit` does.
import json
import sys

from samba import param
from samba.credentials import MUST_USE_KERBEROS, Credentials

wanted = json.load(sys.stdin)
parameters = param.LoadParm()
parameters.load(wanted["folder"] + "/smb.conf")
credentials = Credentials()
credentials.guess(parameters)
credentials.set_username(wanted["user"])
credentials.set_password("Passw0rd.For-Test")
credentials.set_realm(wanted["realm"])
credentials.set_kerberos_state(MUST_USE_KERBEROS)
credentials.get_named_ccache(parameters, "FILE:" + wanted["cache"])
