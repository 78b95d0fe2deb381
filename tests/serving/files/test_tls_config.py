"""ssl.config: key and certificates of a server."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from serving.errors import ServingError
from serving.files.tls_config import read_tls_config

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)


def _pair(name="server", begin=NOW - DAY, end=NOW + DAY, password=None):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    encryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    pem = serialization.Encoding.PEM
    key_text = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, encryption).decode()
    return key_text, certificate.public_bytes(pem).decode()


def _write(folder, **fields):
    lines = []
    for name, value in fields.items():
        if isinstance(value, str):
            value = " ".join(f'"{line}\\n"' for line in value.splitlines())
        lines.append(f"{name}: {str(value).lower() if isinstance(value, bool) else value}")
    (folder / "ssl.config").write_text("\n".join(lines))
    return folder / "ssl.config"


def test_key_certificate_and_authority(tmp_path):
    key, certificate = _pair()
    _, authority = _pair("authority")
    path = _write(
        tmp_path,
        server_key=key,
        server_cert=certificate,
        custom_ca=authority,
        client_verify=True,
    )
    config = read_tls_config(path)
    assert (config.server_key, config.server_cert) == (key, certificate)
    assert (config.custom_ca, config.client_verify) == (authority, True)


def _fields(damage):
    key, certificate = _pair()
    fields = {"server_key": key, "server_cert": certificate}
    if damage == "another key":
        fields["server_key"] = _pair()[0]
    elif damage == "expired":
        fields["server_key"], fields["server_cert"] = _pair(begin=NOW - 2 * DAY, end=NOW - DAY)
    elif damage == "not yet":
        fields["server_key"], fields["server_cert"] = _pair(begin=NOW + DAY, end=NOW + 2 * DAY)
    elif damage == "password":
        fields["server_key"] = _pair(password=b"x")[0]
    elif damage == "paths":
        fields = {"server_key": "/etc/key.pem", "server_cert": "/etc/cert.pem"}
    elif damage == "cut key":
        lines = key.splitlines()
        fields["server_key"] = "\n".join([lines[0], lines[1][:9], lines[-1]])
    elif damage == "cut certificate":
        lines = certificate.splitlines()
        fields["server_cert"] = "\n".join([lines[0], lines[1][:9], lines[-1]])
    elif damage == "no key":
        del fields["server_key"]
    elif damage == "bad authority":
        fields["custom_ca"] = "nothing"
    elif damage == "old authority":
        fields["custom_ca"] = _pair("old", begin=NOW - 2 * DAY, end=NOW - DAY)[1]
    return fields


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("another key", "server_key and the first certificate of server_cert are not a pair"),
        ("expired", "the certificate of CN=server in server_cert expired on 20"),
        ("not yet", "the certificate of CN=server in server_cert is not valid before 20"),
        ("password", "server_key has a password"),
        ("paths", "server_key must be PEM text with a PRIVATE KEY block"),
        ("cut key", "server_key is not a private key in PEM"),
        ("cut certificate", "server_cert is not a certificate in PEM"),
        ("no key", "server_key must be PEM text"),
        ("bad authority", "custom_ca is not a certificate in PEM"),
        ("old authority", "the certificate of CN=old in custom_ca expired on"),
    ],
)
def test_what_no_server_could_use(tmp_path, damage, message):
    fields = _fields(damage)
    with pytest.raises(ServingError, match=message) as caught:
        read_tls_config(_write(tmp_path, **fields))
    secret = fields.get("server_key", "").splitlines()[1:2]
    assert not any(line in caught.value.message for line in secret)
