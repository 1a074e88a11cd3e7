"""A provider of OpenID Connect on this machine: code flow with PKCE, signed ID tokens, one person signed in at a time.

Strict where a real one is: a wrong secret, redirect address, code or verifier is refused, and a code is good once.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "custodes", "the secret of the hub"


@dataclass
class Provider:
    """A running provider; `person` is who is signed in at it, as claims."""

    address: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    lies: dict[str, Any] = field(default_factory=dict)
    """What it does wrong: the `issuer` of its description, `claims`, `algorithm` and `key` of its token, `userinfo`."""
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)

    def configuration(self) -> dict[str, Any]:
        """Return the discovery document."""
        return {
            "issuer": self.lies.get("issuer", self.address),
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "jwks_uri": f"{self.address}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Return where the browser goes on, with a code."""
        code = secrets.token_urlsafe(24)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], basic: str) -> dict[str, Any] | None:
        """Return the tokens for a code, once; None when anything is wrong."""
        asked = self.codes.pop(form.get("code", ""), None)
        given = (form.get("client_id", ""), form.get("client_secret", ""))
        if basic.startswith("Basic "):
            name, _colon, word = base64.b64decode(basic[6:]).decode().partition(":")
            given = (name, word)
        if asked is None or given != (CLIENT_ID, CLIENT_SECRET):
            self.refused.append("code or secret")
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked.get("code_challenge") != challenge or asked["redirect_uri"] != form.get("redirect_uri"):
            self.refused.append("verifier or address")
            return None
        access = secrets.token_urlsafe(24)
        self.tokens[access] = self.person | self.lies.get("userinfo", {})
        claims = {"iss": self.address, "aud": CLIENT_ID, "iat": int(time.time()), "exp": int(time.time()) + 300}
        claims |= {"nonce": asked["nonce"]} if "nonce" in asked else {}
        claims |= self.person | self.lies.get("claims", {})
        algorithm = self.lies.get("algorithm", "RS256")
        key = self.lies.get("key", self.key) if algorithm != "none" else None
        signed = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "1"})
        token = {} if self.lies.get("no_token") else {"id_token": signed}
        return {"access_token": access, "token_type": "Bearer", "expires_in": 300, **token}

    def jwks(self) -> dict[str, Any]:
        """Return the public key."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**key, "kid": "1", "alg": "RS256", "use": "sig"}]}


def start() -> tuple[Provider, ThreadingHTTPServer]:
    """Start a provider on a free port of this machine; `shutdown` the server at the end."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer discovery, keys, sign-in and the person's claims."""
            address = urlsplit(self.path)
            if address.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(address.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(asked))
                self.end_headers()
                return
            bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
            answers = {
                "/.well-known/openid-configuration": provider.configuration(),
                "/jwks": provider.jwks(),
                "/userinfo": provider.tokens.get(bearer),
            }
            self._say(answers.get(address.path))

        def do_POST(self) -> None:
            """Answer the exchange of a code."""
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            self._say(provider.token(form, self.headers.get("Authorization", "")))

        def _say(self, answer: dict[str, Any] | None) -> None:
            body = json.dumps(answer or {"error": "invalid_request"}).encode()
            self.send_response(200 if answer else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return provider, server
