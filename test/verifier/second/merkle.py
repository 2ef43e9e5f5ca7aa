"""The tree of RFC 6962, section 2.1, with SHA-256."""

from hashlib import sha256


def leaf(entry):
    return sha256(b"\0" + entry).digest()


def node(left, right):
    return sha256(b"\1" + left + right).digest()


def _split(count):
    """The largest power of two below the count."""
    return 1 << (count - 1).bit_length() - 1


def root(hashes):
    """Of leaves, or of equally large whole subtrees in their order."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    if len(hashes) & (len(hashes) - 1) == 0:
        while len(hashes) > 1:
            hashes = [node(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
        return hashes[0]
    middle = _split(len(hashes))
    return node(root(hashes[:middle]), root(hashes[middle:]))


def root_of_inclusion(index, size, hash_, proof):
    """The root to which an inclusion proof leads, or None when it has the wrong length."""
    if index >= size:
        return None
    path = list(proof)

    def climb(index, size):
        if size == 1:
            return hash_
        middle = _split(size)
        inside = climb(index, middle) if index < middle else climb(index - middle, size - middle)
        if inside is None or not path:
            return None
        beside = path.pop(0)
        return node(inside, beside) if index < middle else node(beside, inside)

    top = climb(index, size)
    return None if path else top


def is_consistent(small, small_root, size, size_root, proof):
    """RFC 6962, 2.1.2, by making both roots out of the proof."""
    if small == 0:
        return not proof
    if small > size:
        return False
    if small == size:
        return not proof and small_root == size_root
    path = list(proof)

    def climb(small, size, whole):
        """Both roots of a subtree that is wholly, or in part, in the smaller tree."""
        if small == size:
            if whole:
                return small_root, small_root
            if not path:
                return None
            hash_ = path.pop(0)
            return hash_, hash_
        middle = _split(size)
        if small <= middle:
            both = climb(small, middle, whole)
            if both is None or not path:
                return None
            return both[0], node(both[1], path.pop(0))
        both = climb(small - middle, size - middle, False)
        if both is None or not path:
            return None
        left = path.pop(0)
        return node(left, both[0]), node(left, both[1])

    both = climb(small, size, True)
    return both == (small_root, size_root) and not path
