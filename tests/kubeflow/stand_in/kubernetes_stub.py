"""A server that plays the part of Kubernetes which a step asks, and the pod's service account."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAMESPACE = "team"
TOKEN = "token-of-the-pod"


class Kubernetes:
    """What there is in the namespace, and what was asked.

    Attributes:
        config_maps: Data by name.
        secrets: Data by name, not encoded.
        forbidden: Kinds that the service account may not read: `configmaps`, `secrets`.
        asked: Paths of all requests.
        port: Where it listens, on localhost.
        account: Folder of the service account.
        operator: Answers for training jobs, where there is one.
    """

    def __init__(self, account: Path) -> None:
        self.config_maps: dict[str, dict[str, str]] = {}
        self.secrets: dict[str, dict[str, str]] = {}
        self.forbidden: set[str] = set()
        self.asked: list[str] = []
        self.port = 0
        self.account = account
        self.operator: Callable[[str, str, Any], tuple[int, dict[str, Any]]] | None = None

    def variables(self) -> dict[str, str]:
        """The variables by which a pod finds it."""
        return {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self.port),
        }

    def answer(
        self, path: str, authorization: str, method: str = "GET", told: Any = None
    ) -> tuple[int, dict[str, object]]:
        """Gives status and body."""
        self.asked.append(path)
        if path.startswith("/apis/kubeflow.org/") and authorization.lower() == f"bearer {TOKEN}":
            return self.operator(method, path, told) if self.operator else (404, {"kind": "Status"})
        *_, kind, name = path.split("/")
        expected = f"/api/v1/namespaces/{NAMESPACE}/{kind}/{name}"
        if authorization.lower() != f"bearer {TOKEN}" or path != expected:
            return 401, {"kind": "Status"}
        if kind in self.forbidden:
            return 403, {"kind": "Status", "reason": "Forbidden"}
        found = (self.config_maps if kind == "configmaps" else self.secrets).get(name)
        if found is None:
            return 404, {"kind": "Status", "reason": "NotFound"}
        if kind == "secrets":
            found = {key: base64.b64encode(text.encode()).decode() for key, text in found.items()}
        return 200, {"metadata": {"name": name}, "data": found}


@contextmanager
def running(account: Path) -> Iterator[Kubernetes]:
    """Starts the server and writes the service account.

    Args:
        account: An empty folder.
    """
    kubernetes = Kubernetes(account)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            told = json.loads(self.rfile.read(length)) if length else None
            status, body = kubernetes.answer(
                self.path, self.headers.get("Authorization", ""), self.command, told
            )
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_DELETE = do_GET

        def log_message(self, *told: object) -> None:
            """Says nothing."""

    certificate, key = _certificate(account)
    (account / "token").write_text(TOKEN, encoding="utf-8")
    (account / "namespace").write_text(NAMESPACE, encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    kubernetes.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield kubernetes
    server.shutdown()
    server.server_close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Makes a certificate of 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.datetime.now(datetime.timezone.utc)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    # Python 3.13 and later want it said that the key may sign certificates.
    uses = x509.KeyUsage(True, False, False, False, False, True, False, False, False)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(uses, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "ca.crt", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private
