# Checks a Sallyport assertion in Python: pip install "pyjwt[crypto]"
import os

import jwt

# Fetched when they are needed, and again when a new one signs.
keys = jwt.PyJWKClient(os.environ["KEYS_URL"])


def verify(token):
    """The claims. Raises jwt.PyJWTError when the token is not for this application, not signed by the portal's keys, or not of now."""
    return jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token).key,
        algorithms=["ES256"],
        issuer=os.environ["ISSUER"],
        audience=os.environ["AUDIENCE"],
        options={"require": ["exp", "sub", "iss", "aud"]},
        leeway=30,
    )
