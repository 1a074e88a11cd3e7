"""The ledger's rows. Leaves and bodies lie apart: a body can be erased and the tree still verifies."""

from django.db import models


class LedgerLeaf(models.Model):
    """One leaf of the Merkle tree (RFC 6962). `seq` counts from 0 without a gap."""

    seq = models.BigIntegerField(primary_key=True)
    leaf_hash = models.BinaryField(max_length=32)
    """SHA-256(0x00 ‖ leaf bytes), where the leaf bytes hold the salted hash of the body."""
    body_hash = models.BinaryField(max_length=32)
    kind = models.CharField(max_length=48)
    recorded_wall_ns = models.BigIntegerField()
    mac = models.BinaryField(max_length=32, null=True)
    """HMAC-SHA256 over the leaf hash, under a key in `keys/`; None: from before the hub had such a key."""


class LedgerBody(models.Model):
    """What happened, in canonical JSON, with the salt that its hash was made with."""

    leaf = models.OneToOneField(LedgerLeaf, on_delete=models.PROTECT, primary_key=True, related_name="body")
    salt = models.BinaryField(max_length=16)
    body_json = models.TextField()
    clip_id = models.UUIDField(null=True, blank=True, db_index=True)
    person_id = models.UUIDField(null=True, blank=True, db_index=True)


class TreeHead(models.Model):
    """A signed head: tree size, root and time, under the hub's Ed25519 ledger key."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    signed_wall_ns = models.BigIntegerField()
    signature = models.BinaryField(max_length=64)
    key_id = models.CharField(max_length=64)


class LedgerState(models.Model):
    """The one row that says how long the ledger is and keeps the tree's right edge, so that an append is cheap."""

    only = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    frontier = models.BinaryField(default=b"")
    """Roots of the complete subtrees of `size` leaves, largest first, 32 bytes each."""
    last_wall_ns = models.BigIntegerField(default=0)
    """Time of the last entry: an earlier one is told by an entry of its own. 0: none yet."""

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(only=1), name="ledger_state_is_one")]


class LedgerNode(models.Model):
    """Root of a complete subtree of 256 or 65,536 … leaves: what a proof reads in place of its leaves."""

    height = models.PositiveSmallIntegerField()
    """log2 of the leaves under it: 8, 16, 24 …"""
    index = models.BigIntegerField()
    """Counts subtrees of this height from the left, from 0."""
    node_hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint("height", "index", name="ledger_node_once")]
