"""The nodes, what is free on them, and which of them suit a request.

The ledger is in integers: thousandths of cores, GPUs and custom resources, bytes of memory and storage.
A node's GPUs are devices of 1000 each: a whole GPU takes an untouched device, a fraction lives on one device.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from math import ceil
from operator import or_

from mockserver.simulation.cluster.capacity_index import Dimension, bits, mask_of
from mockserver.simulation.cluster.node import READY, Node, NodeView
from mockserver.simulation.cluster.node_traits import has, kinds
from mockserver.simulation.cluster.packing import PLACEMENTS
from mockserver.simulation.cluster.shape import Shape
from mockserver.simulation.request import ResourceRequest
from mockserver.simulation.short_cache import LONGEST, length

CPU, MEMORY, GPU, SHARE, STORAGE = range(5)
"""Dimensions of every cluster; SHARE is the largest free part of any one device. Custom resources follow."""

NAMES = ("cpu cores", "memory", "gpus", "of one gpu", "storage")
_DEVICES = frozenset((GPU, SHARE))
MILLI = 1000
MOST_SHAPES = 4096

Hold = tuple[int, tuple[int, ...]]
"""One node's number and the devices taken on it."""


class Cluster:
    """Nodes with a ledger of what is free, indexed so that the nodes which fit a shape are found at once."""

    __slots__ = (
        "_alone",
        "_holds",
        "_kinds_of_nodes",
        "_taken",
        "capacity",
        "conditions",
        "custom",
        "devices",
        "dimensions",
        "nodes",
        "packs_parts",
        "parted",
        "place",
        "ready",
        "shapes",
        "traits",
        "version",
    )

    def __init__(self, nodes: Iterable[Node], *, placement: str = "bin-pack") -> None:
        self.nodes = list(nodes)
        self.place = PLACEMENTS[placement]
        self.custom = {
            name: STORAGE + 1 + index
            for index, name in enumerate(sorted({name for node in self.nodes for name in node.custom}))
        }
        self.capacity = [self._capacity(node) for node in self.nodes]
        self.devices = [[MILLI] * node.gpus for node in self.nodes]
        self.packs_parts = placement == "bin-pack"
        self.parted = 0  # the nodes of which a device is in part use
        packed = placement != "first-fit"
        self.dimensions = [
            Dimension([amounts[index] for amounts in self.capacity], packed=packed and index in (CPU, GPU, SHARE))
            for index in range(STORAGE + 1 + len(self.custom))
        ]
        self.shapes: dict[tuple[object, int], Shape] = {}
        self.traits: dict[tuple[str, object], int] = {}
        self._kinds_of_nodes: list[tuple[Node, int]] = []  # made when a trait is looked for
        self.version = 0
        self._alone = [(node.name,) for node in self.nodes]
        self._holds: list[Hold] = [(number, ()) for number in range(len(self.nodes))]
        self._taken: dict[tuple[int, ...], tuple[int, ...]] = {}
        self.ready = (1 << len(self.nodes)) - 1
        self.conditions = [READY] * len(self.nodes)

    def _capacity(self, node: Node) -> tuple[int, ...]:
        fixed = (milli(node.cpu), node.memory, node.gpus * MILLI, MILLI if node.gpus else 0, node.storage)
        return fixed + tuple(milli(node.custom.get(name, 0)) for name in self.custom)

    def shape(self, request: ResourceRequest, count: int = 1) -> Shape:
        """The shape that stands for `request` on each of `count` nodes, the same object for equal ones."""
        shape = self.shapes.get((request, count))
        if shape is None:
            shape = self.new_shape(request, count)
            self.keep((request, count), shape)
        if shape.version != self.version:
            self._match(shape)
        return shape

    def keep(self, wanted: tuple[object, int], shape: Shape) -> None:
        """Remember the shape of what is wanted; all others are forgotten when there are too many. Jobs keep the shapes
        they have. Long wishes are not remembered.
        """
        if length(wanted, LONGEST) > LONGEST:
            return
        if len(self.shapes) >= MOST_SHAPES:
            self.shapes.clear()
        self.shapes[wanted] = shape

    def refresh(self, shape: Shape) -> None:
        """Match `shape` again if the nodes have changed since it was matched."""
        if shape.version != self.version:
            self._match(shape)

    def add(self, node: Node) -> int:
        """One more node, ready to be used; its number."""
        number = len(self.nodes)
        self.nodes.append(node)
        self._alone.append((node.name,))
        self._holds.append((number, ()))
        self.capacity.append(self._capacity(node))
        self.devices.append([MILLI] * node.gpus)
        for dimension, free in zip(self.dimensions, self.capacity[number], strict=True):
            dimension.add(free)
        self.traits.clear()
        self._kinds_of_nodes = []
        self.version += 1
        self.ready |= 1 << number
        self.conditions.append(READY)
        return number

    def set_condition(self, number: int, condition: str) -> None:
        """The node is ready, draining (takes no more jobs) or down (and has lost those it had)."""
        self.conditions[number] = condition
        bit = 1 << number
        self.ready = self.ready | bit if condition == READY else self.ready & ~bit

    def new_shape(self, request: ResourceRequest, count: int) -> Shape:
        """A shape of its own for `request`, not yet matched against the nodes."""
        gpu = milli(request.gpu)
        share = gpu if gpu < MILLI else 0
        whole = 0 if share else ceil(gpu / MILLI) * MILLI
        amounts = [
            (CPU, milli(request.cpu)),
            (MEMORY, request.memory),
            (GPU, whole),
            (SHARE, share),
            (STORAGE, request.storage),
        ]
        amounts += [(self.custom.get(name, -1), milli(amount)) for name, amount in request.custom]
        demand = tuple((dimension, amount) for dimension, amount in amounts if amount > 0)
        shape = Shape(
            request, count=count, demand=demand, share=share, packing=SHARE if share else GPU if whole else CPU
        )
        shape.gpus = (whole + share) * count
        self.dimensions[shape.packing].pack()
        if share:
            self.dimensions[GPU].pack()  # where no device is in part use, the node with the fewest whole ones is taken
        known = [(dimension, amount) for dimension, amount in demand if dimension >= 0]
        shape.amounts = tuple([(self.dimensions[index], amount) for index, amount in known if index not in _DEVICES])
        levels = [self.dimensions[dimension].level(amount) for dimension, amount in known]
        shape.needs = tuple(level for level in levels if level is not None)
        shape.exact = [level.amount for level in shape.needs] == [amount for _, amount in known]
        return shape

    def _match(self, shape: Shape) -> None:
        allowed = (1 << len(self.nodes)) - 1
        for mask, _ in self.trait_masks(shape.request):
            allowed &= mask
        shape.allowed = allowed
        shape.possible = mask_of(node for node in bits(allowed) if self.holds_empty(node, shape))
        shape.preferred = tuple([self._having("label", label) for label in shape.request.preferred])
        shape.version = self.version

    def holds_empty(self, node: int, shape: Shape) -> bool:
        """Whether `node` has the capacity for `shape` when nothing else is on it."""
        capacity = self.capacity[node]
        return all(dimension >= 0 and capacity[dimension] >= amount for dimension, amount in shape.demand)

    def with_capacity(self, index: int, amount: int) -> int:
        """The nodes that have so much of one dimension when nothing is on them."""
        key = ("capacity", (index, amount))
        if key not in self.traits:
            if len(self.traits) >= MOST_SHAPES:
                self.traits.clear()
            self.traits[key] = mask_of(node for node, capacity in enumerate(self.capacity) if capacity[index] >= amount)
        return self.traits[key]

    def trait_masks(self, request: ResourceRequest) -> list[tuple[int, str]]:
        """For each fixed trait the request names: the nodes that have it, and the words for lacking it."""
        found: list[tuple[int, str]] = []
        if request.gpu_model is not None:
            found.append((self._having("model", request.gpu_model), f"gpu model {request.gpu_model}"))
        if request.gpu_registry is not None:
            found.append((self._having("registry", request.gpu_registry), f"gpu {request.gpu_registry}"))
        if request.vram:
            found.append((self._having("vram", request.vram), f"{request.vram} bytes of vram"))
        found += [(self._having("label", label), f"label {label}") for label in request.labels]
        if request.any_labels:
            mask = reduce(or_, [self._having("label", label) for label in request.any_labels])
            found.append((mask, f"any label of {', '.join(request.any_labels)}"))
        return found

    def _having(self, trait: str, wanted: object) -> int:
        key = (trait, wanted)
        if key not in self.traits:
            mask = reduce(or_, [mask for node, mask in self._kinds() if has(node, trait, wanted)], 0)
            if length((wanted,), LONGEST) > LONGEST:
                return mask
            if len(self.traits) >= MOST_SHAPES:
                self.traits.clear()
            self.traits[key] = mask
        return self.traits[key]

    def _kinds(self) -> list[tuple[Node, int]]:
        if not self._kinds_of_nodes:
            self._kinds_of_nodes = kinds(self.nodes)
        return self._kinds_of_nodes

    def feasible(self, shape: Shape, within: int) -> int:
        """The nodes of `within` that have room for `shape` now."""
        mask = within & shape.possible & self.ready
        for level in shape.needs:
            mask &= level.mask
        return mask if shape.exact or not mask else self._verified(mask, shape)

    def _verified(self, mask: int, shape: Shape) -> int:
        dimensions = self.dimensions
        return mask_of(
            node for node in bits(mask) if all(dimensions[index].free[node] >= amount for index, amount in shape.demand)
        )

    def take(self, shape: Shape, feasible: int) -> Hold:
        """Reserve what `shape` demands on the feasible node that the placement policy chooses among those of the first
        preferred label there is.
        """
        if shape.preferred:
            feasible = next((liked for mask in shape.preferred if (liked := feasible & mask)), feasible)
        if shape.share and self.packs_parts:
            return self.take_on(shape, self._fullest_device(shape, feasible))
        return self.take_on(shape, self.place(feasible, self.dimensions[shape.packing]))

    def _fullest_device(self, shape: Shape, feasible: int) -> int:
        """The node with the fullest device in part use that has room, ties by order; where there is none, that with the
        fewest whole devices.
        """
        best, found = MILLI, -1
        for node in bits(feasible & self.parted):
            left = min((free for free in self.devices[node] if free >= shape.share), default=MILLI)
            if left < best:
                best, found = left, node
        return found if found >= 0 else self.place(feasible, self.dimensions[GPU])

    def take_gang(self, shape: Shape, feasible: int, *, rationed: int = 0, ration: int = 0) -> tuple[Hold, ...]:
        """Reserve what `shape` demands on as many feasible nodes as it counts, of `rationed` at most `ration`; there
        are enough.
        """
        holds = []
        for _ in range(shape.count):
            if not ration:
                feasible &= ~rationed
            hold = self.take(shape, feasible)
            feasible &= ~(1 << hold[0])
            ration -= rationed >> hold[0] & 1
            holds.append(hold)
        return tuple(holds)

    def take_on(self, shape: Shape, node: int) -> Hold:
        """Reserve what `shape` demands on `node`, which has room."""
        taken: tuple[int, ...] = ()
        for dimension, amount in shape.amounts:
            dimension.set(node, dimension.free[node] - amount)
        if shape.gpus:
            taken = self._take_devices(node, shape)
        return self._holds[node] if not taken else (node, self._taken.setdefault(taken, taken))

    def names(self, holding: tuple[Hold, ...]) -> tuple[str, ...]:
        """The names of the nodes held; the same object for every job on one node alone, of which there are many."""
        if len(holding) == 1:
            return self._alone[holding[0][0]]
        return tuple([self.nodes[node].name for node, _ in holding])

    def give_back(self, shape: Shape, hold: Hold) -> None:
        """Return what `take` reserved."""
        self._change(shape, hold, 1)

    def take_again(self, shape: Shape, hold: Hold) -> None:
        """Reserve once more, devices included, what `give_back` returned."""
        self._change(shape, hold, -1)

    def _change(self, shape: Shape, hold: Hold, sign: int) -> None:
        node, taken = hold
        for dimension, amount in shape.amounts:
            dimension.set(node, dimension.free[node] + sign * amount)
        if shape.gpus:
            devices = self.devices[node]
            for device in taken:
                devices[device] += sign * (shape.share or MILLI)
            self._count_devices(node, shape)

    def _take_devices(self, node: int, shape: Shape) -> tuple[int, ...]:
        devices = self.devices[node]
        taken = choose_devices(devices, shape)
        for device in taken:
            devices[device] -= shape.share or MILLI
        self._count_devices(node, shape)
        return taken

    def _count_devices(self, node: int, shape: Shape) -> None:
        devices = self.devices[node]
        if shape.share:
            bit = 1 << node
            self.parted = self.parted | bit if any(0 < free < MILLI for free in devices) else self.parted & ~bit
        self.dimensions[GPU].set(node, devices.count(MILLI) * MILLI)
        self.dimensions[SHARE].set(node, max(devices))

    def view(self, number: int, jobs: tuple[str, ...]) -> NodeView:
        """The node at this moment, with the jobs that the caller knows to be on it."""
        free = [dimension.free[number] for dimension in self.dimensions]
        gpus = sum(self.devices[number]) / MILLI
        return NodeView(
            self.nodes[number], self.conditions[number], free[CPU] / MILLI, free[MEMORY], gpus, free[STORAGE], jobs
        )

    def reasons(self, shape: Shape, *, empty: bool) -> list[tuple[int, str]]:
        """Why nodes do not suit `shape`: (how many, what they lack), each node counted at its first lack.

        With `empty` the nodes are judged by their capacity, otherwise by what is free now.
        """
        left, found = (1 << len(self.nodes)) - 1, []
        if not empty:
            found.append(((left & ~self.ready).bit_count(), "readiness (down or draining)"))
            left &= self.ready
        for mask, words in self.trait_masks(shape.request):
            found.append(((left & ~mask).bit_count(), words))
            left &= mask
        custom = {index: name for name, index in self.custom.items()}
        for index, amount in (one for one in shape.demand if one[0] >= 0):
            lacking = [node for node in bits(left) if self._amount(node, index, empty=empty) < amount]
            found.append((len(lacking), ("" if empty else "free ") + _amount_words(index, amount, custom)))
            left &= ~mask_of(lacking)
        for name, wanted in shape.request.custom:
            if name not in self.custom and wanted > 0:
                found.append((left.bit_count(), f"{wanted:g} {name}"))
                left = 0
        return [(count, words) for count, words in found if count]

    def _amount(self, node: int, index: int, *, empty: bool) -> int:
        return self.capacity[node][index] if empty else self.dimensions[index].free[node]


def choose_devices(devices: list[int], shape: Shape) -> tuple[int, ...]:
    """Which of a node's devices a job of `shape` takes: for a part the fullest that has room, else the first untouched
    ones.
    """
    if shape.share:
        return (min((free, index) for index, free in enumerate(devices) if free >= shape.share)[1],)
    return tuple([index for index, free in enumerate(devices) if free == MILLI][: shape.gpus // shape.count // MILLI])


def _amount_words(index: int, amount: int, custom: dict[int, str]) -> str:
    name = NAMES[index] if 0 <= index <= STORAGE else custom.get(index, "of what no node has")
    if index in (MEMORY, STORAGE):
        return f"{bytes_in_words(amount)} of {name}"
    return f"{amount / MILLI:.16g} {name}"


def bytes_in_words(amount: int) -> str:
    """So many bytes in the largest unit in which they are at least one: 4 GiB, 1.5 MiB, 512 bytes."""
    for unit, size in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if amount >= size:
            return f"{amount / size:,.10g} {unit}"
    return f"{amount} bytes"


def milli(amount: float) -> int:
    """Thousandths, rounded up so that nothing is promised twice."""
    return ceil(amount * MILLI - 1e-6)
