"""Runs the second verifier over many variants of a bundle in one process: for the tests alone.

Reads a JSON line a question and answers each with one: {"base": FILES} takes a bundle as the ground, {"change": FILES}
asks about it with some files replaced (null: taken away), {"older": FILES} asks whether the base extends that bundle
with the changes of "change", {"digests": [[NAME, BYTES]]} holds that bundle against digests, {"proof": BYTES} asks
about an event proof. FILES maps paths to base64.
"""

import base64
import functools
import json
import sys

import verify_bundle

# Variants share nearly all signatures, and each costs milliseconds.
verify_bundle.signature_holds = functools.cache(verify_bundle.signature_holds)


def decoded(files):
    return {path: None if data is None else base64.b64decode(data) for path, data in files.items()}


def with_changes(files, changes):
    changed = {**files, **decoded(changes)}
    return {path: data for path, data in changed.items() if data is not None}


def answer(base, question):
    if "proof" in question:
        record, openings, fingerprint = verify_bundle.verify_proof(base64.b64decode(question["proof"]), "proof")
        return {"ok": True, "record": record, "openings": openings, "fingerprint": fingerprint}
    bundle = verify_bundle.verify_files(with_changes(base, question.get("change", {})))
    if "older" in question:
        older = verify_bundle.verify_files(decoded(question["older"]))
        return {"ok": True, "added": verify_bundle.check_extension(bundle, older)}
    if "digests" in question:
        texts = [(name, base64.b64decode(data)) for name, data in question["digests"]]
        return {"ok": True, "sizes": verify_bundle.check_digests(bundle, texts)}
    return {"ok": True, "counts": bundle.counts, "fingerprint": bundle.fingerprint()}


def main():
    base = {}
    for line in sys.stdin:
        question = json.loads(line)
        if "base" in question:
            base = decoded(question["base"])
            continue
        try:
            said = answer(base, question)
        except verify_bundle.Failure as failure:
            said = {"ok": False, "file": failure.file, "line": failure.line, "reason": failure.reason}
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
