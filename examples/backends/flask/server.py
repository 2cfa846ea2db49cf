"""A backend that signs people in, keeps their sessions and has an API: tokenkeep's server contract
with Flask and SQLite."""

import hashlib
import hmac
import os
import secrets
import sqlite3
import time
from functools import wraps

import jwt
from flask import Flask, Response, g, jsonify, request
from werkzeug.security import check_password_hash, generate_password_hash

ORIGIN = os.environ.get("ORIGIN", "http://localhost:5173")
PORT = int(os.environ.get("PORT", "3000"))
DATABASE = os.environ.get("DATABASE", "sessions.db")
# Signs access tokens. When it changes, pages refresh theirs and go on.
SECRET = os.environ.get("SECRET", secrets.token_hex(32))

ACCESS_TOKEN_SECONDS = 10 * 60
SESSION_SECONDS = 30 * 24 * 60 * 60
GRACE_SECONDS = 20

app = Flask(__name__)

# Users. Put your own table of them here.

users = {"alice": generate_password_hash("correct horse battery")}
# Stands in for an unknown name, so that its answer takes as long.
nobody = generate_password_hash(secrets.token_hex())


def is_password(name: str, password: str) -> bool:
    return check_password_hash(users.get(name, nobody), password)


# Sessions. Each refresh token is good for one use, and is known here by its hash only.


def database() -> sqlite3.Connection:
    """The connection of this request. Without a BEGIN, each statement is a transaction."""
    if "database" not in g:
        g.database = sqlite3.connect(DATABASE, isolation_level=None)
        g.database.row_factory = sqlite3.Row
    return g.database


@app.teardown_appcontext
def close(_error: BaseException | None) -> None:
    if "database" in g:
        g.database.close()


with app.app_context():
    database().executescript("""
        CREATE TABLE IF NOT EXISTS refresh_tokens (
            hash TEXT PRIMARY KEY, successor_key BLOB, used_at INTEGER,
            session TEXT, user TEXT, ends_at INTEGER
        );
        CREATE INDEX IF NOT EXISTS refresh_tokens_by_session ON refresh_tokens (session);
    """)


def now() -> int:
    return int(time.time())


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def successor_of(token: str, key: bytes) -> str:
    return hmac.new(key, token.encode(), "sha256").hexdigest()


def find(token: str) -> sqlite3.Row | None:
    sql = "SELECT * FROM refresh_tokens WHERE hash = ? AND ends_at > ?"
    return database().execute(sql, (hash_of(token), now())).fetchone()


def insert(token: str, session: str, user: str, ends_at: int) -> None:
    row = (hash_of(token), secrets.token_bytes(32), session, user, ends_at)
    database().execute("INSERT INTO refresh_tokens VALUES (?, ?, NULL, ?, ?, ?)", row)


def begin(user: str) -> tuple[str, str, int]:
    database().execute("DELETE FROM refresh_tokens WHERE ends_at <= ?", (now(),))
    token, ends_at = secrets.token_urlsafe(32), now() + SESSION_SECONDS
    insert(token, secrets.token_hex(16), user, ends_at)
    return token, user, ends_at


def end(session: str) -> None:
    database().execute("DELETE FROM refresh_tokens WHERE session = ?", (session,))


def renew(token: str) -> tuple[str, str, int] | str:
    """Uses a refresh token for its successor, which is computed: it is given again, unstored."""
    with database() as transaction:
        transaction.execute("BEGIN IMMEDIATE")
        row = find(token)
        if row is None:
            return "over"
        successor = successor_of(token, row["successor_key"])
        if row["used_at"] is None:
            used = "UPDATE refresh_tokens SET used_at = ? WHERE hash = ?"
            transaction.execute(used, (now(), row["hash"]))
            insert(successor, row["session"], row["user"], row["ends_at"])
        elif now() - row["used_at"] >= GRACE_SECONDS:
            end(row["session"])  # Two have this token, and one of them is a thief.
            return "over"
        elif find(successor)["used_at"] is not None:
            return "late"  # The successor has arrived: nobody needs it again.
        return successor, row["user"], row["ends_at"]


# HTTP.


@app.before_request
def refuse_forged_calls():
    # No form and no page of another origin can send both.
    from_page = request.headers.get("Origin") == ORIGIN
    by_script = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    if request.path.startswith("/session/") and not (from_page and by_script):
        return {"error": "forbidden"}, 403


@app.after_request
def forbid_storing(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


COOKIE = "__Secure-refresh"
ATTRIBUTES = {"path": "/session", "httponly": True, "secure": True, "samesite": "Strict"}


def answer(token: str, user: str, ends_at: int) -> Response:
    expires_at = now() + ACCESS_TOKEN_SECONDS
    claims = {"iss": ORIGIN, "aud": ORIGIN, "sub": user, "iat": now(), "exp": expires_at}
    response = jsonify(
        access_token=jwt.encode(claims, SECRET, "HS256"),
        token_type="Bearer",
        expires_in=ACCESS_TOKEN_SECONDS,
    )
    response.set_cookie(COOKIE, token, max_age=ends_at - now(), **ATTRIBUTES)
    return response


@app.post("/session/sign-in")
def sign_in():
    match request.get_json(silent=True):
        case {"name": str(name), "password": str(password)} if is_password(name, password):
            return answer(*begin(name))
    return {"error": "wrong_name_or_password"}, 401


@app.post("/session/refresh")
def refresh():
    renewed = renew(request.cookies.get(COOKIE, ""))
    if renewed == "over":
        return {"error": "invalid_grant"}, 401
    if renewed == "late":
        return {"error": "late"}, 503, {"Retry-After": "1"}
    return answer(*renewed)


@app.post("/session/logout")
def logout():
    row = find(request.cookies.get(COOKIE, ""))
    if row is not None:
        end(row["session"])
    response = Response(status=204)
    response.delete_cookie(COOKIE, **ATTRIBUTES)
    return response


# The API.


def guard(view):
    """Lets only good access tokens through."""

    @wraps(view)
    def guarded(*args, **kwargs):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return {"error": "no_token"}, 401, {"WWW-Authenticate": "Bearer"}
        try:
            claims = jwt.decode(
                token,
                SECRET,
                algorithms=["HS256"],
                issuer=ORIGIN,
                audience=ORIGIN,
                options={"require": ["exp", "sub"]},
            )
        except jwt.InvalidTokenError:
            challenge = 'Bearer error="invalid_token"'
            return {"error": "invalid_token"}, 401, {"WWW-Authenticate": challenge}
        g.user = claims["sub"]
        return view(*args, **kwargs)

    return guarded


@app.get("/api/orders")
@guard
def orders():
    items = ["A kettle", "Two cups"]
    return [{"id": place + 1, "item": item, "for": g.user} for place, item in enumerate(items)]


if __name__ == "__main__":
    app.run(host="localhost", port=PORT)
