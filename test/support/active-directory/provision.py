# Makes a Samba Active Directory domain below one folder and exports keytabs. Reads what is wanted as JSON from standard input.
import json
import sys

import ldb
import samba.dckeytab  # noqa: F401 (adds Net.export_keytab)
from samba import param
from samba.auth import system_session
from samba.credentials import Credentials
from samba.net import Net
from samba.netcmd.domain import cmd_domain_provision
from samba.samdb import SamDB

DISABLED, NOT_DELEGATED, TRUSTED_TO_AUTH = 0x2, 0x100000, 0x1000000
AES = "24"  # AES128 and AES256, as a current domain has it
PASSWORD = "Passw0rd.For-Test"

wanted = json.load(sys.stdin)
folder = wanted["folder"]

command = cmd_domain_provision()
status = command._run(
    "samba-tool domain provision", "--configfile=%s/smb.conf" % folder, "--server-role=dc", "--dns-backend=NONE",
    "--realm=%s" % wanted["realm"], "--domain=%s" % wanted["realm"].split(".")[0], "--host-name=dc1", "--host-ip=127.0.0.1",
    "--adminpass=%s" % PASSWORD, "--quiet",
)
if status:
    sys.exit(status)

parameters = param.LoadParm()
parameters.load(folder + "/smb.conf")
database = SamDB(url=folder + "/private/sam.ldb", session_info=system_session(), lp=parameters)


def change(account, flags=0, **attributes):
    [entry] = database.search(expression="(sAMAccountName=%s)" % account, attrs=["userAccountControl"])
    message = ldb.Message(entry.dn)
    if flags:
        value = str(int(str(entry["userAccountControl"])) | flags)
        message["userAccountControl"] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, "userAccountControl")
    for name, value in attributes.items():
        message[name] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, name)
    if len(message) > 0:
        database.modify(message)


for user in wanted["users"]:
    database.newuser(user["name"], PASSWORD)
    flags = (NOT_DELEGATED if user.get("protected") else 0) | (DISABLED if user.get("disabled") else 0)
    change(user["name"], flags, **({"userPrincipalName": user["upn"]} if "upn" in user else {}))

network = Net(Credentials(), parameters)
for service in wanted["services"]:
    name = service["name"]
    database.newuser(name, PASSWORD)
    change(name, TRUSTED_TO_AUTH if service.get("protocolTransition") else 0, **{
        "servicePrincipalName": service["principal"],
        "msDS-SupportedEncryptionTypes": AES,
        **({"msDS-AllowedToDelegateTo": service["delegates"]} if service.get("delegates") else {}),
    })
    # An application's keytab is for what it is called; a connector's for the account that signs in.
    principal = name if service.get("delegates") else service["principal"]
    network.export_keytab(keytab="%s/%s.keytab" % (folder, name), principal=principal)
