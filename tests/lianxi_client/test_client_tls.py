"""The client over TLS: whom it trusts, and how it shows itself."""

import datetime
import http.server
import ssl
import threading
from concurrent import futures

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tensorflow_serving.apis import get_model_status_pb2

from lianxi_client import Client, ClientError, Tls

_ANSWER = get_model_status_pb2.GetModelStatusResponse(
    model_version_status=[get_model_status_pb2.ModelVersionStatus(version=3, state="AVAILABLE")]
)
_JSON = b'{"model_version_status": [{"version": "3", "state": "AVAILABLE", "status": {}}]}'


class Authority:
    """Signs certificates."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        self.pem = self._sign(self._name, self._key, is_ca=True)

    def _sign(self, name, key, is_ca, hosts=()):
        now = datetime.datetime.now(datetime.timezone.utc)
        issuer = self._key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), False)
        )
        if is_ca:
            # Python 3.13 and later ask for it, and for who signed with which key.
            usage = dict.fromkeys(
                ("digital_signature", "content_commitment", "key_encipherment")
                + ("data_encipherment", "key_agreement", "crl_sign")
                + ("encipher_only", "decipher_only"),
                False,
            )
            builder = builder.add_extension(x509.KeyUsage(key_cert_sign=True, **usage), True)
        if hosts:
            names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, host):
        """A certificate for a name, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return self._sign(name, key, is_ca=False, hosts=[host]), pem


def serve_grpc(authority, cert, key):
    handler = grpc.unary_unary_rpc_method_handler(lambda *_: _ANSWER.SerializeToString())
    server = grpc.server(futures.ThreadPoolExecutor(2))
    service = "tensorflow.serving.ModelService"
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {"GetModelStatus": handler}),)
    )
    credentials = grpc.ssl_server_credentials(
        [(key, cert)], root_certificates=authority.pem, require_client_auth=True
    )
    port = server.add_secure_port("localhost:0", credentials)
    server.start()
    return f"grpcs://localhost:{port}", lambda: server.stop(0)


def serve_rest(authority, cert, key, folder):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(_JSON)))
            self.end_headers()
            self.wfile.write(_JSON)

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    (folder / "server.pem").write_bytes(cert + key)
    context.load_cert_chain(folder / "server.pem")
    context.load_verify_locations(cadata=authority.pem.decode())
    context.verify_mode = ssl.CERT_REQUIRED
    server = http.server.ThreadingHTTPServer(("localhost", 0), Handler)
    server.handle_error = lambda *_: None
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop():
        server.shutdown()
        server.server_close()

    return f"https://localhost:{server.server_port}", stop


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture(params=["grpc", "rest"])
def serve_as(request, authority, tmp_path):
    stops = []

    def start(host):
        cert, key = authority.issue(host)
        if request.param == "grpc":
            address, stop = serve_grpc(authority, cert, key)
        else:
            address, stop = serve_rest(authority, cert, key, tmp_path)
        stops.append(stop)
        return address

    yield start
    for stop in stops:
        stop()


def test_both_show_a_certificate(serve_as, authority, tmp_path):
    cert, key = authority.issue("caller")
    address = serve_as("localhost")
    with Client(address, tls=Tls(authority.pem, cert, key)) as client:
        assert client.status("m")[0].version == 3
    for name, pem in (("ca", authority.pem), ("cert", cert), ("key", key)):
        (tmp_path / name).write_bytes(pem)
    paths = Tls(tmp_path / "ca", str(tmp_path / "cert"), key.decode())
    with Client(address, tls=paths) as client:
        assert client.status("m")[0].version == 3


def test_a_server_of_another_name(serve_as, authority):
    cert, key = authority.issue("caller")
    address = serve_as("models.example")
    with Client(address, tls=Tls(authority.pem, cert, key, "models.example")) as client:
        assert client.status("m")[0].version == 3
    with Client(address, tls=Tls(authority.pem, cert, key)) as client:
        with pytest.raises(ClientError, match="TLS: ") as caught:
            client.status("m")
    assert caught.value.code == "UNAVAILABLE"


@pytest.mark.parametrize("trusts", ["nobody in particular", "somebody else"])
def test_a_server_that_is_not_trusted(serve_as, authority, trusts):
    tls = Tls() if trusts == "nobody in particular" else Tls(Authority().pem)
    with Client(serve_as("localhost"), tls=tls) as client:
        with pytest.raises(ClientError, match="TLS: .*trusted") as caught:
            client.status("m")
    assert caught.value.code == "UNAVAILABLE"


def test_a_caller_that_shows_nothing(serve_as, authority):
    with Client(serve_as("localhost"), tls=Tls(authority.pem), connect_timeout_s=1) as client:
        with pytest.raises(ClientError) as caught:
            client.status("m", timeout_s=20)
    assert caught.value.code == "UNAVAILABLE"


def test_a_key_of_another_certificate(authority):
    tls = Tls(cert=authority.issue("a")[0], key=authority.issue("a")[1])
    with pytest.raises(ClientError, match="must be a certificate and its private key"):
        Client("grpcs://localhost:1", tls=tls)
