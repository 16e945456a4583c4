#!/usr/bin/env python3
"""A second verifier of evidence bundles and event proofs, written from deploy/manual/evidence-format.md alone.

It shares no line with the program it checks: another language, the standard library only, and its own Ed25519
(plain and slow). V, W, E, X and section numbers are those of the manual.

    verify_bundle.py BUNDLE [--root-fingerprint HEX] [--previous BUNDLE] [--digest FILE...]
    verify_bundle.py FILE.tlog-proof [--root-fingerprint HEX]

Prints counts, or the first failure as file:line reason. Exit 0 yes, 1 no, 2 unusable input.
"""

import argparse
import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import struct
import sys
import unicodedata
import zlib

# --- Ed25519 (RFC 8032, 5.1.7), in extended coordinates -----------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def point_add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    m = (y1 - x1) * (y2 - x2) % P
    n = (y1 + x1) * (y2 + x2) % P
    c = 2 * D * t1 * t2 % P
    d = 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def point_multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_decode(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def point_encode(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = point_decode(bytes([0x58] + [0x66] * 31))


def signature_holds(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    point = point_decode(key)
    scalar = int.from_bytes(signature[32:], "little")
    if point is None or scalar >= L:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    x, y, z, t = point_multiply(int.from_bytes(digest, "little") % L, point)
    return point_encode(point_add(point_multiply(scalar, BASE), (P - x, y, z, P - t))) == signature[:32]


# --- ECDSA over P-256 with SHA-256 (FIPS 186-5, 6.4.2), in affine coordinates -------------------------------------

P256_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
P256_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def p256_add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P256_P == 0:
        return None
    if a == b:
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, P256_P) % P256_P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P256_P) % P256_P
    x = (slope * slope - a[0] - b[0]) % P256_P
    return x, (slope * (a[0] - x) - a[1]) % P256_P


def p256_multiply(scalar, point):
    result = None
    while scalar:
        if scalar & 1:
            result = p256_add(result, point)
        point = p256_add(point, point)
        scalar >>= 1
    return result


def es256_holds(x, y, message, signature):
    """The signature is the 64 bytes r and s."""
    point = int.from_bytes(x, "big"), int.from_bytes(y, "big")
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if max(point) >= P256_P or (point[1] ** 2 - point[0] ** 3 + 3 * point[0] - P256_B) % P256_P:
        return False
    if not (0 < r < P256_N and 0 < s < P256_N):
        return False
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    inverse = pow(s, -1, P256_N)
    sum_ = p256_add(p256_multiply(digest * inverse % P256_N, P256_G), p256_multiply(r * inverse % P256_N, point))
    return sum_ is not None and sum_[0] % P256_N == r


def der_integers(data):
    """r and s of a DER signature as 64 bytes; None for any other spelling."""
    if len(data) < 2 or len(data) > 72 or data[0] != 0x30 or data[1] != len(data) - 2:
        return None
    at, numbers = 2, b""
    for _ in range(2):
        if len(data) < at + 2 or data[at] != 2:
            return None
        digits = data[at + 2 : at + 2 + data[at + 1]]
        if not digits or len(digits) != data[at + 1] or digits[0] > 0x7F:
            return None
        if digits[0] == 0 and len(digits) > 1:
            if digits[1] <= 0x7F:
                return None
            digits = digits[1:]
        if len(digits) > 32:
            return None
        numbers += digits.rjust(32, b"\0")
        at += 2 + data[at + 1]
    return numbers if at == len(data) else None


# --- Encodings (section 1) ----------------------------------------------------------------------------------------

MAX_INTEGER = 2**53 - 1


class Invalid(Exception):
    """These bytes are not what they should be."""


class Failure(Exception):
    """The answer is no: the first thing that fails."""

    def __init__(self, file, line, reason):
        super().__init__(f"{file}:{'-' if line is None else line} {reason}")
        self.file, self.line, self.reason = file, line, reason


class Unusable(Exception):
    """Not something that this program can answer about."""


def sha256(data):
    return hashlib.sha256(data).digest()


def base64_decode(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Invalid from error
    if base64.b64encode(data).decode() != text:
        raise Invalid
    return data


def base64url_decode(text):
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise Invalid
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    return base64_decode(padded)


def base64url_encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def text_units(text):
    """Length in UTF-16 code units."""
    return sum(2 if ord(letter) > 0xFFFF else 1 for letter in text)


def lines_of(data):
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def refuse_number(_text):
    raise Invalid


def read_json(data):
    try:
        return json.loads(data.decode("utf-8"), parse_float=refuse_number, parse_constant=refuse_number)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, ValueError) as error:
        raise Invalid from error


def canonical_text(value, depth=0):
    if depth > 16:
        raise Invalid
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise Invalid
        return str(value)
    if isinstance(value, str):
        if any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
            raise Invalid
        if unicodedata.normalize("NFC", value) != value:
            raise Invalid
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(canonical_text(item, depth + 1) for item in value) + "]"
    members = []
    for key in sorted(value):
        if not re.fullmatch(r"[ -~]*", key):
            raise Invalid
        members.append(json.dumps(key) + ":" + canonical_text(value[key], depth + 1))
    return "{" + ",".join(members) + "}"


def read_canonical(data):
    if len(data) > 65535:
        raise Invalid
    value = read_json(data)
    if canonical_text(value).encode() != data:
        raise Invalid
    return value


def indented(value):
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")


# --- Forms: a form is a function that raises Invalid, and says nothing otherwise ----------------------------------


def integer(lowest, highest=MAX_INTEGER):
    def check(value):
        if type(value) is not int or not lowest <= value <= highest:
            raise Invalid

    return check


def matching(pattern):
    compiled = re.compile(pattern)

    def check(value):
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise Invalid

    return check


def one_of(*values):
    def check(value):
        if not any(type(value) is type(each) and value == each for each in values):
            raise Invalid

    return check


def text(longest=None, shortest=0):
    def check(value):
        if not isinstance(value, str) or not shortest <= text_units(value):
            raise Invalid
        if longest is not None and text_units(value) > longest:
            raise Invalid

    return check


def fields(required, optional=None):
    optional = optional or {}

    def check(value):
        if not isinstance(value, dict) or not set(required) <= set(value) <= set(required) | set(optional):
            raise Invalid
        for name, content in value.items():
            (required.get(name) or optional[name])(content)

    return check


def mapping(key_form, value_form):
    def check(value):
        if not isinstance(value, dict):
            raise Invalid
        for key, content in value.items():
            key_form(key)
            value_form(content)

    return check


def list_of(form, fewest=0, most=None):
    def check(value):
        if not isinstance(value, list) or len(value) < fewest or (most is not None and len(value) > most):
            raise Invalid
        for item in value:
            form(item)

    return check


def instant(value):
    if not isinstance(value, str) or not re.fullmatch(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z", value
    ):
        raise Invalid
    instant_ms(value)


def instant_ms(value):
    """Milliseconds since 1970."""
    try:
        moment = datetime.datetime.strptime(value[:-1] + "000", "%Y-%m-%dT%H:%M:%S.%f")
    except ValueError as error:
        raise Invalid from error
    since = moment - datetime.datetime(1970, 1, 1)
    return (since.days * 86400 + since.seconds) * 1000 + since.microseconds // 1000


ID = matching(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
HASH_TEXT = matching(r"[A-Za-z0-9_-]{43}")
HEX = matching(r"[0-9a-f]{64}")
COUNT = integer(0)
FROM_ONE = integer(1)
KEY_ID = matching(r"[a-z0-9][a-z0-9-]{0,62}")
FIELDS = ("sub", "pm", "cred")

INDEX = {
    "format": one_of("palang-evidence/1"),
    "site": ID,
    "period": lambda value: value is None or fields({"from": instant, "until": instant})(value),
    "tool": text(100, 1),
    "createdAt": instant,
    "counts": fields({"logs": COUNT, "records": COUNT, "checkpoints": COUNT, "openings": COUNT}),
    "files": mapping(text(), HEX),
    "digest": HEX,
}
ROLE = {"keys": list_of(KEY_ID, 1), "threshold": FROM_ONE}
ROLES = {name: fields(ROLE) for name in ("root", "issuer", "fresh", "log")}
CLASSES = ("staff", "temp", "strict", "glass")
PERSON = matching(r"s_[A-Za-z0-9_-]{22}")
EC_KEY = {"kty": one_of("EC"), "crv": one_of("P-256"), "x": HASH_TEXT, "y": HASH_TEXT}
OKP_KEY = {"kty": one_of("OKP"), "crv": one_of("Ed25519"), "x": HASH_TEXT}


def approver_key(value):
    fields(EC_KEY if isinstance(value, dict) and value.get("kty") == "EC" else OKP_KEY)(value)


APPROVER = {"by": PERSON, "cid": HASH_TEXT, "key": approver_key}
NEEDS = {name: integer(1, 8) for name in CLASSES}
LIMITS = {name: integer(60, 45 * 86400) for name in CLASSES}
APPROVAL_RULE = {
    "rp": matching(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"),
    "needs": fields({}, NEEDS),
    "weak": one_of("session"),
}
REVOKED = {"gw": ID, "ep": FROM_ONE}
ROOT_OPTIONAL = {
    "approvers": list_of(fields(APPROVER, {"doors": list_of(ID, 1, 64)}), 0, 200),
    "approval": fields({}, APPROVAL_RULE),
    "maxLimits": fields({}, LIMITS),
    "revoked": list_of(fields(REVOKED), 0, 1000),
}
ROOT = {
    "site": ID,
    "v": FROM_ONE,
    "at": COUNT,
    "keys": mapping(KEY_ID, HASH_TEXT),
    "roles": fields(ROLES),
    "singleOfficial": one_of(True, False),
}
DOCUMENT = {
    "root": fields(ROOT, ROOT_OPTIONAL),
    "signatures": list_of(fields({"kid": KEY_ID, "sig": matching(r"[A-Za-z0-9_-]{86}")})),
}

EVENTS = """
    access.granted access.denied access.outcome access.duress exit.recorded door.opened door.closed door.forced
    door.held-open door.held-open-cleared door.contact-unknown exit-button.pressed lock.released lock.secured
    lock.fault reader.online reader.offline reader.tamper visit.overstayed escort.left emergency.used
    lockdown.started lockdown.ended fire.active fire.cleared policy.applied policy.rejected clock.rollback
    clock.jump clock.trusted boot epoch.opened epoch.closed disk.low disk.full config.changed operator.command
    access.locked-out escort.handed-over occupancy.below-minimum presence.reset alarm.acknowledged
    hold-open.started hold-open.ended deny.applied journal.sealed journal.reclaimed
    site-log.forked
""".split()

JOURNAL_RECORD = fields(
    {
        "v": one_of(1),
        "gw": ID,
        "ep": FROM_ONE,
        "sq": COUNT,
        "bt": COUNT,
        "t": COUNT,
        "tq": integer(0, 3),
        "mo": COUNT,
        "ty": one_of(*EVENTS),
        "ph": HASH_TEXT,
        "x": mapping(text(), lambda value: None),
    },
    {
        "door": ID,
        "dir": one_of("in", "out"),
        "rs": text(40),
        "pol": COUNT,
        "c": fields({}, {field: HASH_TEXT for field in FIELDS}),
    },
)

GATEWAY_EPOCH = {"gw": ID, "ep": FROM_ONE}
ERASED = fields({**GATEWAY_EPOCH, "n": FROM_ONE, "r": list_of(list_of(COUNT, 2, 2), 1, 1000)})
ASSERTION = {
    "cid": HASH_TEXT,
    "ad": matching(r"[A-Za-z0-9_-]{1,1400}"),
    "cd": matching(r"[A-Za-z0-9_-]{1,2800}"),
    "sig": matching(r"[A-Za-z0-9_-]{1,200}"),
}
EPOCH_REASON = one_of("enrolled", "conflict", "replaced", "storage", "tail-lost")
PREVIOUS = fields({"ep": FROM_ONE, "size": COUNT, "root": HASH_TEXT})
SITE_FACTS = {
    "site.opened": {"root": HASH_TEXT},
    "root.published": {"v": FROM_ONE, "root": HASH_TEXT},
    "gateway.enrolled": {**GATEWAY_EPOCH, "key": HASH_TEXT},
    "gateway.revoked": GATEWAY_EPOCH,
    "approval.recorded": {
        "req": HASH_TEXT,
        "decision": one_of("approved", "rejected"),
        "by": matching(r"s_[A-Za-z0-9_-]{22}"),
        "at": COUNT,
        "m": one_of("passkey", "session"),
    },
    "permit.issued": {"h": HASH_TEXT},
    "permit.revoked": {"h": HASH_TEXT},
    "manifest.signed": {"v": FROM_ONE, "mh": HASH_TEXT},
    "rules.changed": {"h": HASH_TEXT},
    "log.reviewed": {"h": HASH_TEXT},
    "journal.checkpointed": {**GATEWAY_EPOCH, "size": FROM_ONE, "root": HASH_TEXT},
    "epoch.opened": {**GATEWAY_EPOCH, "why": EPOCH_REASON},
    "journal.conflicted": {**GATEWAY_EPOCH, "why": one_of("conflict", "fenced", "revoked"), "h": HASH_TEXT},
    "server.rollback": {**GATEWAY_EPOCH, "size": COUNT, "had": FROM_ONE, "root": HASH_TEXT},
    "tail.unrecovered": {**GATEWAY_EPOCH, "from": COUNT},
    "site.closed": {},
    "server.restored": {"made": COUNT},
    "privacy.erased": {
        "n": FROM_ONE,
        "at": list_of(ERASED, 1, 1000),
        "basis": one_of(
            "subject-request", "no-longer-needed", "retention-over", "consent-withdrawn", "unlawful", "order"
        ),
        "by": FROM_ONE,
    },
    "retention.destroyed": {
        "n": FROM_ONE,
        "at": list_of(ERASED, 1, 1000),
        "month": matching(r"[0-9]{4}-(?:0[1-9]|1[0-2])"),
    },
}
# Facts that a kind may leave out.
SITE_FACTS_OPTIONAL = {
    "approval.recorded": {"d": list_of(HASH_TEXT, 1, 64), "as": fields(ASSERTION)},
    "epoch.opened": {"prev": PREVIOUS},
    "tail.unrecovered": {"known": COUNT},
}
SITE_RECORD = fields(
    {
        "v": one_of(1),
        "k": one_of("site"),
        "site": ID,
        "sq": COUNT,
        "t": COUNT,
        "ty": one_of(*SITE_FACTS),
        "ph": HASH_TEXT,
        "x": lambda value: None,
    }
)
OPENING = fields(
    {
        "gw": text(),
        "ep": FROM_ONE,
        "sq": COUNT,
        "field": one_of(*FIELDS),
        "salt": HASH_TEXT,
        "value": text(200),
    }
)


def journal_record(data):
    value = read_canonical(data)
    JOURNAL_RECORD(value)
    return value


def epoch_opened(value):
    """The facts of an `epoch.opened` record; further ones are passed over."""
    needed = {"nonce": text(64, 1), "key": HASH_TEXT, "why": EPOCH_REASON}
    wanted = {"prev": PREVIOUS, "sig": matching(r"[A-Za-z0-9_-]{86}"), "lost": COUNT}
    known = {name: value[name] for name in value if name in needed or name in wanted}
    fields(needed, wanted)(known)
    return known


def site_record(data):
    value = read_canonical(data)
    SITE_RECORD(value)
    fields(SITE_FACTS[value["ty"]], SITE_FACTS_OPTIONAL.get(value["ty"]))(value["x"])
    return value


def opening_of(data):
    value = read_canonical(data)
    OPENING(value)
    return value


def or_none(read, data):
    try:
        return read(data)
    except Invalid:
        return None


# --- Tree (section 6) ---------------------------------------------------------------------------------------------

NO_LINK = "A" * 43


def leaf_hash(data):
    return sha256(b"\x00" + data)


def node_hash(left, right):
    return sha256(b"\x01" + left + right)


class Tree:
    """Roots of growing prefixes: whole subtrees are hashed once and kept."""

    def __init__(self, leaves):
        self.leaves = leaves
        self.whole = {}

    def root(self, size):
        return self.range_root(0, size) if size else sha256(b"")

    def range_root(self, start, size):
        if size == 1:
            return self.leaves[start]
        known = self.whole.get((start, size))
        if known is not None:
            return known
        left = 1 << (size - 1).bit_length() - 1
        value = node_hash(self.range_root(start, left), self.range_root(start + left, size - left))
        if size == left * 2:
            self.whole[(start, size)] = value
        return value


def is_included(index, size, leaf, root, proof):
    if index >= size:
        return False
    node, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and value == root


# --- Notes (section 7) --------------------------------------------------------------------------------------------

WHITE = "\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
NOTE = re.compile(
    r"([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n\n((?:\u2014 [^%s]+ [A-Za-z0-9+/=]+\n)+)" % WHITE
)
LOG_TYPE, COSIGNATURE_TYPE = 1, 4


class Note:
    def __init__(self, data):
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Invalid from error
        match = NOTE.fullmatch(whole)
        if not match:
            raise Invalid
        self.origin, size, root, signatures = match.groups()
        self.size = int(size)
        if self.size > MAX_INTEGER:
            raise Invalid
        self.root = base64_decode(root)
        self.body = f"{self.origin}\n{size}\n{root}\n".encode()
        self.signatures = []
        for line in signatures.split("\n")[:-1]:
            _, name, encoded = line.split(" ")
            value = base64_decode(encoded)
            if len(value) < 5:
                raise Invalid
            self.signatures.append((name, value[:4], value[4:]))

    def log_signature(self, name, keys):
        return self._find(name, keys, LOG_TYPE, self._is_signed)

    def cosignature(self, name, keys):
        return self._find(name, keys, COSIGNATURE_TYPE, self._is_cosigned)

    def _find(self, name, keys, kind, holds):
        """None where it holds for one of the keys, else the reason."""
        ids = [(sha256(name.encode() + b"\n" + bytes([kind]) + key)[:4], key) for key in keys]
        named = [(key_id, value) for each, key_id, value in self.signatures if each == name]
        for known_id, key in ids:
            values = [value for key_id, value in named if key_id == known_id]
            if values and holds(key, values):
                return None
        if not named:
            return "unsigned"
        known = {known_id for known_id, _ in ids}
        return "changed" if any(key_id in known for key_id, _ in named) else "wrong-key"

    def _is_signed(self, key, values):
        return all(signature_holds(key, self.body, value) for value in values)

    def _is_cosigned(self, key, values):
        value = values[0]
        if len(value) != 72:
            return False
        time = int.from_bytes(value[:8], "big")
        message = b"cosignature/v1\ntime %d\n" % time + self.body
        return time <= MAX_INTEGER and signature_holds(key, message, value[8:])


class Rule:
    """Who has to sign the checkpoints of a log."""

    def __init__(self, site, origin, signers, cosigners):
        self.origin, self.signers, self.cosigners = origin, signers, cosigners
        self.server = f"{site}/site-log"

    def fault(self, note):
        if note.origin != self.origin:
            return "changed"
        reason = note.log_signature(self.origin, self.signers)
        if reason is None and self.cosigners is not None:
            reason = note.cosignature(self.server, self.cosigners)
        return reason


def split_at_separators(data):
    """Pieces between the lines '---', with the number of the first line of each."""
    pieces, lines, start = [], [], 1
    for number, line in enumerate(data.split(b"\n"), 1):
        if line == b"---":
            pieces.append((start, b"".join(each + b"\n" for each in lines)))
            lines, start = [], number + 1
        else:
            lines.append(line)
    pieces.append((start, b"\n".join(lines)))
    return pieces


def check_checkpoints(file, data, rule):
    """Section 10: the genuine checkpoints as (line, size, root)."""
    genuine = []
    for line, piece in split_at_separators(data) if data else []:
        note = or_none(Note, piece)
        if note is None:
            raise Failure(file, line, "malformed")
        reason = rule.fault(note)
        if reason is not None:
            raise Failure(file, line, reason)
        if note.size == 0 and note.root != sha256(b""):
            raise Failure(file, line, "inconsistent")
        sizes = [size for _, size, _ in genuine]
        if note.size in sizes:
            raise Failure(file, line, "inserted")
        if sizes and note.size < max(sizes):
            raise Failure(file, line, "reordered")
        genuine.append((line, note.size, note.root))
    return genuine


# --- Root documents (section 4) -----------------------------------------------------------------------------------


def root_message(root):
    return b"palang-root/v1\n" + canonical_text(root).encode()


def root_hash(root):
    return base64url_encode(sha256(root_message(root)))


def role_keys(root, role):
    keys = []
    for kid in root["roles"][role]["keys"]:
        key = or_none(base64url_decode, root["keys"].get(kid, "*"))
        if key is not None and key not in keys:
            keys.append(key)
    return keys


def is_signed_by_enough(document, authority):
    message = root_message(document["root"])
    signers = set()
    for signature in document["signatures"]:
        if signature["kid"] not in authority["roles"]["root"]["keys"]:
            continue
        key = or_none(base64url_decode, authority["keys"].get(signature["kid"], "*"))
        value = or_none(base64url_decode, signature["sig"])
        if key is not None and value is not None and signature_holds(key, message, value):
            signers.add(key)
    return len(signers) >= authority["roles"]["root"]["threshold"]


def ordered(value, names):
    return list(value) == list(names)


def ordered_part(value, *names):
    """The same where some may be left out."""
    return list(value) == [name for group in names for name in group if name in value]


def trust_in_order(root):
    approval = root.get("approval", {})
    return (
        all(
            ordered_part(approver, APPROVER, ("doors",))
            and ordered(approver["key"], EC_KEY if approver["key"]["kty"] == "EC" else OKP_KEY)
            for approver in root.get("approvers", [])
        )
        and ordered_part(approval, APPROVAL_RULE)
        and ordered_part(approval.get("needs", {}), NEEDS)
        and ordered_part(root.get("maxLimits", {}), LIMITS)
        and all(ordered(each, REVOKED) for each in root.get("revoked", []))
    )


def document_in_order(document):
    root = document["root"]
    return (
        ordered(document, DOCUMENT)
        and ordered_part(root, ROOT, ROOT_OPTIONAL)
        and trust_in_order(root)
        and ordered(root["roles"], ROLES)
        and all(ordered(role, ROLE) for role in root["roles"].values())
        and all(ordered(each, ("kid", "sig")) for each in document["signatures"])
    )


def read_root_chain(data):
    """V6."""
    chain = read_json(data)
    list_of(fields(DOCUMENT), 1)(chain)
    if indented(chain) != data or not all(document_in_order(document) for document in chain):
        raise Invalid
    return chain


def bare(fingerprint):
    return re.sub(r"[\s:]", "", fingerprint).lower()


def check_root_chain(chain, fingerprint, fail, site=None):
    """V7, V8."""
    for index, document in enumerate(chain):
        before = chain[max(0, index - 1)]["root"]
        if document["root"]["site"] != before["site"]:
            fail("inconsistent")
        if index > 0 and document["root"]["v"] != before["v"] + 1:
            fail("inconsistent")
        if not is_signed_by_enough(document, before) or not is_signed_by_enough(document, document["root"]):
            fail("unsigned")
    if site is not None and chain[0]["root"]["site"] != site:
        fail("wrong-key")
    if fingerprint is not None and bare(fingerprint) != sha256(root_message(chain[0]["root"])).hex():
        fail("wrong-key")


# --- Approvals (section 5) ----------------------------------------------------------------------------------------


def is_origin_of(party, origin):
    match = re.fullmatch(r"(https?)://([a-z0-9.-]{1,253})(?::[0-9]{1,5})?", origin)
    if match is None:
        return False
    scheme, host = match.groups()
    if party == "localhost":
        return host == "localhost"
    return scheme == "https" and (host == party or host.endswith("." + party))


def approver_of(root, approval):
    for approver in root.get("approvers", []):
        if (approver["by"], approver["cid"]) == (approval["by"], approval["as"]["cid"]):
            return approver
    return None


def passkey_signed(root, approval):
    """Whether the passkey that this root document names made this very approval."""
    approver, party = approver_of(root, approval), root.get("approval", {}).get("rp")
    if approver is None or party is None:
        return False
    asked = {"site": root["site"], "req": approval["req"], "d": approval["d"], "decision": "approved"}
    challenge = sha256(b"palang-approval/v1\n" + canonical_text(asked).encode())
    parts = [or_none(base64url_decode, approval["as"][name]) for name in ("ad", "cd", "sig")]
    key = [or_none(base64url_decode, approver["key"].get(name, "")) for name in ("x", "y")]
    if None in parts or None in key:
        return False
    data, client, signature = parts
    try:
        said = json.loads(client.decode("utf-8"), parse_constant=refuse_number)
    except (UnicodeDecodeError, ValueError, RecursionError, Invalid):
        return False
    if not isinstance(said, dict) or said.get("type") != "webauthn.get" or said.get("crossOrigin") is True:
        return False
    origin = said.get("origin")
    if said.get("challenge") != base64url_encode(challenge) or not isinstance(origin, str):
        return False
    if not is_origin_of(party, origin) or len(data) < 37 or data[:32] != sha256(party.encode()):
        return False
    if data[32] & 5 != 5:
        return False
    message = data + sha256(client)
    if approver["key"]["kty"] == "OKP":
        return signature_holds(key[0], message, signature)
    numbers = der_integers(signature)
    return numbers is not None and es256_holds(key[0], key[1], message, numbers)


def log_keys(chain):
    keys = []
    for document in chain:
        keys += [key for key in role_keys(document["root"], "log") if key not in keys]
    return keys


# --- Records of a log (section 11) --------------------------------------------------------------------------------


class Log:
    """The lines of one log, read once; `read` raises Invalid for a line that does not count in it."""

    def __init__(self, file, data, read, checkpoints):
        self.file, self.data, self.checkpoints = file, data, checkpoints
        self.lines = lines_of(data)
        self.records = [or_none(read, line) for line in self.lines]
        self.leaves = [leaf_hash(line) for line in self.lines]
        self.signed_size = checkpoints[-1][1] if checkpoints else 0

    def read(self, index):
        return self.records[index] if 0 <= index < len(self.records) else None

    def link(self, index):
        return base64url_encode(self.leaves[index])

    def check(self):
        tree = Tree(self.leaves)
        signed = {size: root for _, size, root in self.checkpoints}
        head = NO_LINK
        for index, record in enumerate(self.records):
            if record is None or record["sq"] != index or record["ph"] != head:
                line, reason = self.explain(index, head)
                raise Failure(self.file, line, reason)
            head = self.link(index)
            if index + 1 in signed and signed[index + 1] != tree.root(index + 1):
                after = self.read(index + 1)
                is_twice = after is not None and after["sq"] == index
                raise Failure(self.file, index + 1, "inserted" if is_twice else "changed")
        count = len(self.lines)
        if count < self.signed_size:
            raise Failure(self.file, count + 1, "removed")
        if count > self.signed_size:
            raise Failure(self.file, self.signed_size + 1, "unsigned")
        if self.data and not self.data.endswith(b"\n"):
            raise Failure(self.file, count, "changed")

    def explain(self, index, head):
        """Step 1: the line to name, and why."""
        here, after = self.read(index), self.read(index + 1)
        number_after = None if after is None else after["sq"]
        is_last = index == len(self.lines) - 1
        line = index + 1
        if here is None:
            if number_after == index or (is_last and self.signed_size == index):
                return line, "inserted"
            return line, "changed" if number_after == index + 1 or is_last else "malformed"
        number = here["sq"]
        if number != index:
            is_later = any(record and record["sq"] == index for record in self.records[index + 1 :])
            if number > index and here["ph"] != head and is_later:
                return line, "reordered"
            if here["ph"] == head or number_after == index + 1:
                return line, "changed"
            if number > index:
                return line, "removed"
            is_held = after is not None and after["ph"] == self.link(index)
            if number == index - 1 and is_held and self.lines[index] != self.lines[index - 1]:
                return index, "inserted"
            return line, "inserted"
        if number_after == index:
            return line, "inserted"
        if index == 0:
            return 1, "changed"
        return (index if self.is_genuine(index, is_last) else line), "changed"

    def is_genuine(self, index, is_last):
        here, after = self.read(index), self.read(index + 1)
        if not is_last:
            return after is not None and after["ph"] == self.link(index)
        claimed = or_none(base64url_decode, here["ph"])
        if claimed is None or self.signed_size != index + 1:
            return False
        leaves = self.leaves[: index - 1] + [claimed, self.leaves[index]]
        return Tree(leaves).root(index + 1) == self.checkpoints[-1][2]


# --- Openings (sections 8 and 11) ---------------------------------------------------------------------------------


def opens(opening, commitment):
    salt = or_none(base64url_decode, opening["salt"])
    if salt is None:
        return False
    message = f"palang/v1/{opening['field']}".encode() + b"\x00" + opening["value"].encode()
    return base64url_encode(hmac.digest(salt, message, "sha256")) == commitment


def place_of(opening):
    return opening["gw"].encode("utf-16-be"), opening["ep"], opening["sq"], FIELDS.index(opening["field"])


def numbers_in(run, log):
    """The numbers of a run that the log has."""
    return range(run[0], min(run[1] + 1, len(log.records)))


class Openings:
    FILE = "openings.jsonl"

    def __init__(self, data):
        self.data = data
        self.openings = [or_none(opening_of, line) for line in lines_of(data)]
        self.places = [None if each is None else place_of(each) for each in self.openings]
        self.count = 0

    def meet(self, place, commitment):
        line = self.count + 1
        if self.count >= len(self.openings):
            raise Failure(self.FILE, line, "erased-without-record")
        found = self.places[self.count]
        if found == place:
            if not opens(self.openings[self.count], commitment):
                raise Failure(self.FILE, line, "opening-mismatch")
            self.count += 1
            return
        later = next((n for n, each in enumerate(self.places[line:], line + 1) if each == place), None)
        if found is None:
            raise Failure(self.FILE, line, "inserted" if later == line + 1 else "changed")
        if found > place:
            raise Failure(self.FILE, line, "erased-without-record" if later is None else "reordered")
        raise Failure(self.FILE, line, "changed" if later is None else "inserted")

    def finish(self):
        """V17."""
        if self.count < len(self.openings):
            raise Failure(self.FILE, self.count + 1, "inserted")
        if self.data and not self.data.endswith(b"\n"):
            raise Failure(self.FILE, self.count, "changed")


# --- Bundle (section 9) -------------------------------------------------------------------------------------------

FIXED = ("keys/root.json", "site-log.jsonl", "site-log.checkpoints", "openings.jsonl")
JOURNAL_PATH = re.compile(r"journal/([a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)/([1-9][0-9]{0,14})\.(jsonl|checkpoints)")


def journal_of(path):
    match = JOURNAL_PATH.fullmatch(path)
    return (match[1], int(match[2])) if match else None


def journal_files(journal):
    stem = f"journal/{journal[0]}/{journal[1]}"
    return f"{stem}.jsonl", f"{stem}.checkpoints"


def read_index(data):
    """V2, V3."""
    file = "bundle.json"
    try:
        index = read_json(data)
        fields(INDEX)(index)
    except Invalid:
        raise Failure(file, None, "malformed") from None
    rest = {name: value for name, value in index.items() if name != "digest"}
    is_ordered = (
        ordered(index, INDEX)
        and ordered(index["counts"], ("logs", "records", "checkpoints", "openings"))
        and (index["period"] is None or ordered(index["period"], ("from", "until")))
    )
    if not is_ordered or indented(index) != data or sha256(indented(rest)).hex() != index["digest"]:
        raise Failure(file, None, "changed")
    return index


def check_file_set(files, index):
    """V4, V5."""
    wanted = list(FIXED)
    for path in index["files"]:
        if journal_of(path) is not None:
            wanted += journal_files(journal_of(path))
    for path in [*wanted, *index["files"]]:
        if path not in files:
            raise Failure(path, None, "file-missing")
    for path in files:
        if path != "bundle.json" and (path not in index["files"] or path not in wanted):
            raise Failure(path, None, "file-unexpected")


class Bundle:
    """Verifies at construction; raises Failure."""

    def __init__(self, files, fingerprint=None):
        self.files = files
        if "bundle.json" not in files:
            raise Failure("bundle.json", None, "file-missing")
        self.index = read_index(files["bundle.json"])
        self.site = self.index["site"]
        check_file_set(files, self.index)
        self.read_keys(fingerprint)
        self.counts = {"logs": 0, "records": 0, "checkpoints": 0, "openings": 0}
        self.keys, self.heads, self.erased = {}, {}, {}
        self.manifests, self.applied = {}, {}
        self.opened, self.leaves = {}, {}
        self.read_site_log()
        self.openings = Openings(files["openings.jsonl"])
        for journal in self.journals():
            self.read_journal(journal)
        self.openings.finish()
        for journal in self.heads:
            if journal_files(journal)[0] not in files:
                raise Failure(journal_files(journal)[0], None, "file-missing")
        # V24.
        wrong = [claim["line"] for claims in self.erased.values() for claim in claims if claim["n"] != claim["met"]]
        if wrong:
            raise Failure("site-log.jsonl", min(wrong), "inconsistent")
        self.check_index()

    def journals(self):
        found = {journal_of(path) for path in self.files}
        return sorted(journal for journal in found if journal is not None)

    def read_keys(self, fingerprint):
        file = "keys/root.json"
        self.chain = or_none(read_root_chain, self.files[file])
        if self.chain is None:
            raise Failure(file, None, "malformed")

        def fail(reason):
            raise Failure(file, None, reason)

        check_root_chain(self.chain, fingerprint, fail, self.site)
        self.log_keys = log_keys(self.chain)

    def read_log(self, record_file, note_file, rule, read):
        notes = check_checkpoints(note_file, self.files[note_file], rule)
        log = Log(record_file, self.files[record_file], read, notes)
        log.check()
        self.counts["logs"] += 1
        self.counts["records"] += len(log.lines)
        self.counts["checkpoints"] += len(notes)
        return log

    def read_site_log(self):
        """V9 to V11."""
        origin = f"{self.site}/site-log"

        def read(line):
            record = site_record(line)
            one_of(self.site)(record["site"])
            return record

        log = self.read_log(
            "site-log.jsonl", "site-log.checkpoints", Rule(self.site, origin, self.log_keys, None), read
        )
        roots = {root_hash(document["root"]) for document in self.chain}
        for line, record in enumerate(log.records, 1):
            facts = record["x"]
            if record["ty"] == "site.opened" and facts["root"] not in roots:
                raise Failure(log.file, line, "inconsistent")
            if record["ty"] == "gateway.enrolled":
                key = or_none(base64url_decode, facts["key"])
                journal = (facts["gw"], facts["ep"])
                if key is None or self.keys.setdefault(journal, key) != key:
                    raise Failure(log.file, line, "inconsistent")
            if record["ty"] == "epoch.opened":
                self.opened[(facts["gw"], facts["ep"])] = facts.get("prev")
            self.check_trust(log.file, line, record)
            if record["ty"] == "journal.checkpointed":
                head = (line, facts["size"], facts["root"])
                self.heads.setdefault((facts["gw"], facts["ep"]), []).append(head)
            if record["ty"] in ("privacy.erased", "retention.destroyed"):
                self.note_erasure(log.file, line, facts)

    def check_trust(self, file, line, record):
        """V22."""
        facts = record["x"]
        if record["ty"] == "root.published":
            named = [root_hash(each["root"]) for each in self.chain if each["root"]["v"] == facts["v"]]
            if named != [facts["root"]]:
                raise Failure(file, line, "inconsistent")
        if record["ty"] == "manifest.signed":
            self.manifests.setdefault(facts["v"], set()).add(facts["mh"])
        if record["ty"] == "approval.recorded" and (facts["decision"], facts["m"]) == ("approved", "passkey"):
            if "as" not in facts or "d" not in facts:
                raise Failure(file, line, "unsigned")
            roots = [each["root"] for each in self.chain]
            if not any(passkey_signed(root, facts) for root in roots):
                is_known = any(approver_of(root, facts) is not None for root in roots)
                raise Failure(file, line, "changed" if is_known else "wrong-key")

    def check_orders(self, file, record):
        """V23."""
        facts = record["x"]
        version, manifest, root = facts.get("v"), facts.get("mh"), facts.get("rootv", 1)
        numbers = all(isinstance(each, int) and not isinstance(each, bool) for each in (version, root))
        if record["ty"] != "policy.applied" or not numbers or not isinstance(manifest, str):
            return
        if version in self.manifests and manifest not in self.manifests[version]:
            raise Failure(file, record["sq"] + 1, "inconsistent")
        if self.applied.setdefault((root, version), manifest) != manifest:
            raise Failure(file, record["sq"] + 1, "inconsistent")

    def note_erasure(self, file, line, facts):
        """V21: sums that add up, records that the server holds, and none of them erased twice."""
        if sum(each["n"] for each in facts["at"]) != facts["n"]:
            raise Failure(file, line, "inconsistent")
        for each in facts["at"]:
            journal = (each["gw"], each["ep"])
            held = max((size for _, size, _ in self.heads.get(journal, [])), default=0)
            if any(until >= held for _, until in each["r"]):
                raise Failure(file, line, "inconsistent")
            claims = self.erased.setdefault(journal, [])
            claims.append({"line": line, "n": each["n"], "r": each["r"], "met": 0})
            last = -1
            for first, until in sorted(run for claim in claims for run in claim["r"]):
                if first <= last or until < first:
                    raise Failure(file, line, "inconsistent")
                last = until

    def read_journal(self, journal):
        """V12 to V16."""
        gateway, epoch = journal
        record_file, note_file = journal_files(journal)
        if journal not in self.keys:
            raise Failure(record_file, 1, "wrong-key")

        def read(line):
            record = journal_record(line)
            one_of(journal)((record["gw"], record["ep"]))
            return record

        rule = Rule(self.site, f"{self.site}/{gateway}/{epoch}", [self.keys[journal]], self.log_keys)
        log = self.read_log(record_file, note_file, rule, read)
        for line, size, root in self.heads.get(journal, []):
            if size > len(log.lines):
                raise Failure(record_file, len(log.lines) + 1, "removed")
            same = [each for each in log.checkpoints if each[1] == size]
            if not same:
                larger = [each for each in log.checkpoints if each[1] > size]
                nearest = (larger[:1] or log.checkpoints[-1:] or [(1,)])[0]
                raise Failure(note_file, nearest[0], "removed")
            if base64url_encode(same[0][2]) != root:
                raise Failure("site-log.jsonl", line, "inconsistent")
        self.leaves[journal] = log.leaves
        self.check_epoch(journal, log)
        self.open_commitments(journal, log)

    def check_epoch(self, journal, log):
        """V25: an epoch goes on from an end that the one before has, and that its key has signed."""
        gateway, epoch = journal
        first = log.read(0)
        if first is None or first["ty"] != "epoch.opened":
            return
        facts = first["x"] if or_none(epoch_opened, first["x"]) is not None else {}
        previous = facts.get("prev")
        if journal in self.opened and self.opened[journal] != previous:
            raise Failure(log.file, 1, "inconsistent")
        if previous is None:
            return
        older = (gateway, previous["ep"])
        leaves = self.leaves.get(older, [])
        if previous["ep"] >= epoch or previous["size"] > len(leaves):
            raise Failure(log.file, 1, "inconsistent")
        root = Tree(leaves[: previous["size"]]).root(previous["size"])
        if base64url_encode(root) != previous["root"]:
            raise Failure(log.file, 1, "inconsistent")
        if "sig" not in facts:
            return
        following = base64url_encode(sha256(self.keys[journal]))
        text_signed = canonical_text({"gw": gateway, **previous, "next": following})
        message = b"palang-epoch-close/v1\n" + text_signed.encode()
        signature = or_none(base64url_decode, facts["sig"])
        if older not in self.keys or signature is None:
            raise Failure(log.file, 1, "unsigned")
        if not signature_holds(self.keys[older], message, signature):
            raise Failure(log.file, 1, "unsigned")

    def check_reclaimed(self, file, record):
        """V26: a record that is appended again is one of an earlier epoch, and commits to no more."""
        if record["ty"] != "journal.reclaimed":
            return
        text_again, claimed = record["x"].get("orig"), record["x"].get("hash")
        original = or_none(journal_record, text_again.encode()) if isinstance(text_again, str) else None
        if original is None or original["ty"] == "journal.reclaimed":
            raise Failure(file, record["sq"] + 1, "inconsistent")
        if base64url_encode(leaf_hash(text_again.encode())) != claimed:
            raise Failure(file, record["sq"] + 1, "inconsistent")
        if original["gw"] != record["gw"] or original["ep"] >= record["ep"]:
            raise Failure(file, record["sq"] + 1, "inconsistent")
        known = original.get("c", {})
        if any(known.get(field) != value for field, value in record.get("c", {}).items()):
            raise Failure(file, record["sq"] + 1, "inconsistent")

    def open_commitments(self, journal, log):
        period = self.index["period"]
        start = 0 if period is None else instant_ms(period["from"])
        end = MAX_INTEGER + 1 if period is None else instant_ms(period["until"])
        claims = self.erased.get(journal, [])
        owner = {number: claim for claim in claims for run in claim["r"] for number in numbers_in(run, log)}
        for record in log.records:
            self.check_orders(journal_files(journal)[0], record)
            self.check_reclaimed(journal_files(journal)[0], record)
            if record["sq"] in owner:
                owner[record["sq"]]["met"] += len(record.get("c", {}))
                continue
            if not start <= record["t"] < end:
                continue
            for order, field in enumerate(FIELDS):
                if field in record.get("c", {}):
                    place = (journal[0].encode("utf-16-be"), journal[1], record["sq"], order)
                    self.openings.meet(place, record["c"][field])

    def check_index(self):
        """V19, V20."""
        for path, digest in self.index["files"].items():
            if sha256(self.files[path]).hex() != digest:
                raise Failure(path, None, "changed")
        self.counts["openings"] = self.openings.count
        if self.counts != self.index["counts"]:
            raise Failure("bundle.json", None, "inconsistent")

    def fingerprint(self):
        return sha256(root_message(self.chain[0]["root"])).hex()


# --- Comparing with an older bundle (section 12) ------------------------------------------------------------------


def check_extension(newer, older):
    """W1 to W3; returns how many records were added."""
    file = "keys/root.json"
    new_roots = [root_hash(document["root"]) for document in newer.chain]
    old_roots = [root_hash(document["root"]) for document in older.chain]
    if newer.site != older.site or new_roots[0] != old_roots[0]:
        raise Failure(file, None, "wrong-key")
    if any(new != old for new, old in zip(new_roots, old_roots)):
        raise Failure(file, None, "inconsistent")
    if len(new_roots) < len(old_roots):
        raise Failure(file, None, "replayed")
    for file in ["site-log.jsonl", *(journal_files(journal)[0] for journal in older.journals())]:
        if file not in newer.files:
            raise Failure(file, None, "removed")
        new_lines, old_lines = lines_of(newer.files[file]), lines_of(older.files[file])
        for line, (new, old) in enumerate(zip(new_lines, old_lines), 1):
            if new != old:
                raise Failure(file, line, "inconsistent")
        if len(new_lines) < len(old_lines):
            raise Failure(file, len(new_lines) + 1, "replayed")
    return newer.counts["records"] - older.counts["records"]


# --- Proof of one event (section 13) ------------------------------------------------------------------------------

PROOF_MAGIC = b"palang-event-proof/1\n"


class TlogProof:
    def __init__(self, data):
        lines = data.split(b"\n")
        if lines[0] != b"c2sp.org/tlog-proof@v1" or len(lines) < 3:
            raise Invalid
        if not re.fullmatch(rb"index (?:0|[1-9][0-9]{0,15})", lines[1]):
            raise Invalid
        self.index = int(lines[1][6:])
        if self.index > MAX_INTEGER:
            raise Invalid
        self.hashes = []
        at = 2
        while at < len(lines) and lines[at]:
            self.hashes.append(base64_decode(lines[at].decode("latin-1")))
            at += 1
        if any(len(each) != 32 for each in self.hashes):
            raise Invalid
        self.note_line = at + 2
        self.note = Note(b"\n".join(lines[at + 1 :]))


def verify_proof(data, file, fingerprint=None):
    """E1 to E8; returns the record and its openings."""

    def fail(line, reason):
        raise Failure(file, line, reason)

    parts = split_at_separators(data)
    if len(parts) != 6 or not data.endswith(b"\n") or parts[0][1] != PROOF_MAGIC:
        fail(1, "malformed")
    (_, _), records, journal_part, enrolments, site_part, roots = parts

    chain = []
    for line, piece in enumerate(lines_of(roots[1]), roots[0]):
        try:
            document = read_canonical(piece)
            fields(DOCUMENT)(document)
        except Invalid:
            fail(line, "malformed")
        chain.append(document)
    if not chain:
        fail(roots[0], "malformed")
    check_root_chain(chain, fingerprint, lambda reason: fail(roots[0], reason))
    site, server_keys = chain[0]["root"]["site"], log_keys(chain)

    enrolment_lines = lines_of(enrolments[1])
    enrolment = or_none(site_record, enrolment_lines[0]) if len(enrolment_lines) == 1 else None
    if enrolment is None or enrolment["site"] != site:
        fail(enrolments[0], "changed")
    key = or_none(base64url_decode, enrolment["x"].get("key", "*"))
    if enrolment["ty"] != "gateway.enrolled" or key is None:
        fail(enrolments[0], "inconsistent")
    rule = Rule(site, f"{site}/site-log", server_keys, None)
    check_tlog_proof(site_part, rule, enrolments[0], enrolment_lines[0], enrolment["sq"], fail)

    lines = lines_of(records[1])
    record = or_none(journal_record, lines[0]) if lines else None
    if record is None:
        fail(records[0], "changed")
    journal = (record["gw"], record["ep"])
    if journal != (enrolment["x"]["gw"], enrolment["x"]["ep"]):
        fail(records[0], "wrong-key")
    rule = Rule(site, f"{site}/{journal[0]}/{journal[1]}", [key], server_keys)
    check_tlog_proof(journal_part, rule, records[0], lines[0], record["sq"], fail)

    openings, last = [], -1
    for line, piece in enumerate(lines[1:], records[0] + 1):
        opening = or_none(opening_of, piece)
        if opening is None:
            fail(line, "changed")
        order = FIELDS.index(opening["field"])
        place = (opening["gw"], opening["ep"], opening["sq"])
        if place != (*journal, record["sq"]) or opening["field"] not in record.get("c", {}) or order <= last:
            fail(line, "inserted")
        if not opens(opening, record["c"][opening["field"]]):
            fail(line, "opening-mismatch")
        last = order
        openings.append(opening)
    return record, openings, sha256(root_message(chain[0]["root"])).hex()


def check_tlog_proof(part, rule, record_line, record, number, fail):
    """E5."""
    proof = or_none(TlogProof, part[1])
    if proof is None:
        fail(part[0], "malformed")
    note_line = part[0] + proof.note_line - 1
    reason = rule.fault(proof.note)
    if reason is not None:
        fail(note_line, reason)
    if proof.index != number:
        fail(part[0] + 1, "changed")
    if not is_included(proof.index, proof.note.size, leaf_hash(record), proof.note.root, proof.hashes):
        fail(record_line, "changed")


# --- Weekly digests (section 14) ----------------------------------------------------------------------------------

DIGEST_FIRST, DIGEST_LAST = "palang-digest/1", "palang-digest end"
DIGEST_COUNT = r"(0|[1-9][0-9]{0,15})"
DIGEST_GROUPS = r"((?:[0-9a-f]{4} ){7}[0-9a-f]{4})"
DIGEST_HEAD = [
    r"site ([a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)",
    r"week ([0-9]{4}-[0-9]{2}-[0-9]{2})",
    r"made ([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-](?:0[0-9]|1[0-4]):[0-5][0-9])",
    "journals " + DIGEST_COUNT,
    "records " + DIGEST_COUNT,
    "root-keys " + DIGEST_GROUPS,
    "root-keys " + DIGEST_GROUPS,
    "(checkpoint)",
]
BROKEN_SIGNATURE = re.compile("\u2014 [^%s]+" % WHITE)


class Digest:
    """X1: finds and reads the digest in a text; raises Unusable or Failure."""

    def __init__(self, name, data):
        self.name = name
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError:
            raise Unusable("there is no digest in this text") from None
        lines = [self.bare(line) for line in whole.removeprefix("\ufeff").split("\n")]
        if DIGEST_FIRST not in lines:
            raise Unusable("there is no digest in this text")
        self.first = lines.index(DIGEST_FIRST)
        if lines.count(DIGEST_FIRST) > 1:
            self.fail(lines.index(DIGEST_FIRST, self.first + 1) - self.first, "malformed")
        values = []
        for offset, form in enumerate(DIGEST_HEAD, 1):
            at = self.first + offset
            match = re.fullmatch(form, lines[at]) if at < len(lines) else None
            if match is None:
                self.fail(offset, "malformed")
            values.append(match[1])
        self.site, week, made, journals, records, upper, lower, _ = values
        if week != self.monday(made):
            self.fail(2, "malformed")
        self.counts = {"journals": int(journals), "records": int(records)}
        for offset, count in enumerate(self.counts.values(), 4):
            if count > MAX_INTEGER:
                self.fail(offset, "malformed")
        self.fingerprint = bare(upper + lower)
        if DIGEST_LAST not in lines[self.first + 9 :]:
            self.fail(9, "malformed")
        last = lines.index(DIGEST_LAST, self.first + 9)
        text_of_note = "".join(
            line + (" " if BROKEN_SIGNATURE.fullmatch(line) else "\n") for line in lines[self.first + 9 : last]
        )
        self.note = or_none(Note, text_of_note.encode())
        if self.note is None:
            self.fail(9, "malformed")

    def fail(self, offset, reason):
        raise Failure(self.name, self.first + 1 + offset, reason)

    @staticmethod
    def bare(line):
        return re.sub(r"^(?:> ?)+", "", line).rstrip(" \t\r")

    def monday(self, made):
        if made.endswith("-00:00"):
            self.fail(3, "malformed")
        try:
            moment = datetime.datetime.strptime(made[:19], "%Y-%m-%dT%H:%M:%S")
        except ValueError:
            self.fail(3, "malformed")
        return str(moment.date() - datetime.timedelta(days=moment.weekday()))

    def check_signature(self, bundle):
        """X2, X3."""
        if self.site != bundle.site:
            self.fail(1, "wrong-key")
        if self.fingerprint != bundle.fingerprint():
            self.fail(6, "wrong-key")
        reason = Rule(self.site, f"{self.site}/site-log", bundle.log_keys, None).fault(self.note)
        if reason is not None:
            self.fail(9, reason)


def check_digests(bundle, texts):
    """Section 14: texts are pairs of name and bytes."""
    digests = []
    for name, data in texts:
        digests.append(Digest(name, data))
        digests[-1].check_signature(bundle)
    lines = lines_of(bundle.files["site-log.jsonl"])
    tree = Tree([leaf_hash(line) for line in lines])
    for digest in sorted(digests, key=lambda each: each.note.size):
        size = digest.note.size
        if size > len(lines):
            digest.fail(10, "replayed")
        if tree.root(size) != digest.note.root:
            digest.fail(11, "inconsistent-with-digest")
        heads = {}
        for line in lines[:size]:
            record = site_record(line)
            if record["ty"] in ("gateway.enrolled", "journal.checkpointed"):
                journal = (record["x"]["gw"], record["x"]["ep"])
                heads[journal] = max(heads.get(journal, 0), record["x"].get("size", 0))
        if digest.counts["journals"] != len(heads):
            digest.fail(4, "inconsistent-with-digest")
        if digest.counts["records"] != size + sum(heads.values()):
            digest.fail(5, "inconsistent-with-digest")
    return [digest.note.size for digest in digests]


# --- Files --------------------------------------------------------------------------------------------------------

MAX_FILES, MAX_BYTES = 10_000, 2 * 1024**3


def read_folder(root):
    files = {}
    if not any(os.path.exists(os.path.join(root, path)) for path in ("bundle.json", *FIXED)):
        raise Unusable("this is not an evidence bundle")
    for folder, names, file_names in os.walk(root):
        for name in [*names, *file_names]:
            path = os.path.join(folder, name)
            if os.path.islink(path) or not (os.path.isfile(path) or os.path.isdir(path)):
                raise Unusable("a link or a special file stands in this folder")
        for name in file_names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, root).replace(os.sep, "/")] = file.read()
            if len(files) > MAX_FILES:
                raise Unusable("this folder holds more than a bundle can")
    return files, []


def read_zip(data):
    """The central directory says what is there. Own reading, to have the bytes even where a checksum is wrong."""
    end = data.rfind(b"PK\x05\x06")
    if end < 0 or end + 22 > len(data):
        raise Unusable("this is neither a folder, a zip nor a proof")
    (count,), (at,) = struct.unpack_from("<H", data, end + 10), struct.unpack_from("<I", data, end + 16)
    if count == 0xFFFF or at == 0xFFFFFFFF or count > MAX_FILES:
        raise Unusable("this zip is too large")
    files, damaged, total = {}, [], 0
    for _ in range(count):
        if data[at : at + 4] != b"PK\x01\x02" or at + 46 > end:
            raise Unusable("this zip is not whole")
        flags, method = struct.unpack_from("<HH", data, at + 8)
        checksum, packed, size, name_size, extra, comment = struct.unpack_from("<IIIHHH", data, at + 16)
        (local,) = struct.unpack_from("<I", data, at + 42)
        name = data[at + 46 : at + 46 + name_size].decode("utf-8", "replace")
        at += 46 + name_size + extra + comment
        if name.endswith("/") and size == 0:
            continue
        parts = name.split("/")
        if name in files or name in damaged or re.search(r"[\\:\ufffd\x00-\x1f]", name) or {"", ".", ".."} & {*parts}:
            raise Unusable("this zip holds a path that it must not")
        total += size
        if flags & 1 or method not in (0, 8) or total > MAX_BYTES:
            raise Unusable("this zip is packed in a way that is not read here")
        content = unpack(data, local, packed, method, size)
        if content is None or zlib.crc32(content) != checksum:
            damaged.append(name)
        if content is not None:
            files[name] = content
    return files, damaged


def unpack(data, local, packed, method, size):
    if data[local : local + 4] != b"PK\x03\x04" or local + 30 > len(data):
        return None
    name_size, extra = struct.unpack_from("<HH", data, local + 26)
    start = local + 30 + name_size + extra
    content = data[start : start + packed]
    if len(content) != packed:
        return None
    if method == 8:
        try:
            stream = zlib.decompressobj(-15)
            content = stream.decompress(content, size + 1)
        except zlib.error:
            return None
        if not stream.eof:
            return None
    return content if len(content) == size else None


def read_bundle(path):
    if os.path.isdir(path):
        return read_folder(path)
    with open(path, "rb") as file:
        files, damaged = read_zip(file.read())
    if not damaged and not any(each in files for each in ("bundle.json", *FIXED)):
        raise Unusable("this is not an evidence bundle")
    return files, damaged


def verify_files(files, damaged=(), fingerprint=None):
    try:
        bundle = Bundle(files, fingerprint)
    except Failure as failure:
        if failure.reason == "file-missing" and failure.file in damaged:
            raise Failure(failure.file, None, "changed") from None
        raise
    if damaged:
        raise Failure(damaged[0], None, "changed")
    return bundle


def read_text(path):
    with open(path, "rb") as file:
        return os.path.basename(path), file.read()


def run(arguments):
    data = b""
    if os.path.isfile(arguments.what):
        with open(arguments.what, "rb") as file:
            data = file.read(len(PROOF_MAGIC))
    if data == PROOF_MAGIC:
        if arguments.previous is not None:
            raise Unusable("--previous is for bundles")
        if arguments.digest:
            raise Unusable("--digest is for bundles")
        with open(arguments.what, "rb") as file:
            proof = verify_proof(file.read(), os.path.basename(arguments.what), arguments.root_fingerprint)
        record, openings, fingerprint = proof
        print(f"YES: {record['gw']}/{record['ep']}/{record['sq']} {record['ty']}, openings {len(openings)}")
        print(f"root fingerprint {fingerprint}")
        return
    bundle = verify_files(*read_bundle(arguments.what), arguments.root_fingerprint)
    added = None
    if arguments.previous is not None:
        try:
            older = verify_files(*read_bundle(arguments.previous))
        except Failure as failure:
            raise Unusable(f"the previous bundle is not intact: {failure}") from failure
        added = check_extension(bundle, older)
    for path, size in zip(arguments.digest, check_digests(bundle, map(read_text, arguments.digest))):
        print(f"{os.path.basename(path)}: {size} records of the site log are those of then")
    counts = ", ".join(f"{name} {count}" for name, count in bundle.counts.items())
    print(f"YES: {counts}" + ("" if added is None else f"; {added} records since the previous bundle"))
    print(f"root fingerprint {bundle.fingerprint()}")


def main():
    parser = argparse.ArgumentParser(description="verifies an evidence bundle or an event proof")
    parser.add_argument("what", metavar="BUNDLE", help="folder or .zip of a bundle, or a .tlog-proof")
    parser.add_argument("--root-fingerprint", metavar="HEX", help="as it stands on paper")
    parser.add_argument("--previous", metavar="BUNDLE", help="an older bundle that this one must extend")
    parser.add_argument(
        "--digest", metavar="FILE", action="extend", nargs="+", default=[], help="texts that hold a weekly digest"
    )
    try:
        run(parser.parse_args())
    except Failure as failure:
        print(f"NO: {failure}")
        return 1
    except (Unusable, OSError) as error:
        print(f"verify_bundle.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
