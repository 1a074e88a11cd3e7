"""Map the labels of public data sets to the classes that Custodes tells apart."""

from collections.abc import Mapping, Sequence

from custodes.core.types import ObjectClass

# The 24 labels of the detector inside @mediapipe/objectron, in the order of its own label file (0 is background).
OPENIMAGES_24 = (
    *("???", "Bicycle", "Boot", "Laptop", "Person", "Chair", "Cattle", "Desk", "Cat", "Computer mouse"),
    *("Computer monitor", "Box", "Mug", "Coffee cup", "Stationary bicycle", "Table", "Bottle", "High heels"),
    *("Vehicle", "Footwear", "Dog", "Book", "Camera", "Car"),
)

# The 80 labels of COCO that are one of our classes, by their place in the usual contiguous order.
COCO_80 = {
    0: ObjectClass.PERSON,
    1: ObjectClass.BICYCLE,
    2: ObjectClass.CAR,
    3: ObjectClass.BICYCLE,  # motorcycle: two wheels and a rider; we have no class of its own
    5: ObjectClass.BUS,
    7: ObjectClass.TRUCK,
    9: ObjectClass.TRAFFIC_LIGHT,
    11: ObjectClass.STOP_SIGN,
    14: ObjectClass.ANIMAL,  # bird
    15: ObjectClass.CAT,
    16: ObjectClass.DOG,
    17: ObjectClass.ANIMAL,  # horse
    18: ObjectClass.ANIMAL,  # sheep
    19: ObjectClass.ANIMAL,  # cow
    20: ObjectClass.ANIMAL,  # elephant
    21: ObjectClass.ANIMAL,  # bear
    22: ObjectClass.ANIMAL,  # zebra
    23: ObjectClass.ANIMAL,  # giraffe
    67: ObjectClass.PHONE,
}

_OPENIMAGES: Mapping[str, ObjectClass] = {
    **dict.fromkeys(("Person", "Man", "Woman", "Girl", "Boy", "Human", "Human body", "Human face"), ObjectClass.PERSON),
    "Cat": ObjectClass.CAT,
    "Dog": ObjectClass.DOG,
    **dict.fromkeys(("Animal", "Cattle", "Horse", "Sheep", "Goat", "Bird", "Fox", "Deer"), ObjectClass.ANIMAL),
    **dict.fromkeys(("Bicycle", "Motorcycle"), ObjectClass.BICYCLE),
    # A detector that says only "Vehicle" does not tell cars from trucks; most vehicles on film are cars.
    **dict.fromkeys(("Car", "Taxi", "Van", "Limousine", "Vehicle", "Land vehicle"), ObjectClass.CAR),
    "Truck": ObjectClass.TRUCK,
    "Bus": ObjectClass.BUS,
}


def openimages_classes(labels: Sequence[str]) -> dict[int, ObjectClass]:
    """Return the place of each label that is one of our classes; the others (chair, mug, …) are left out."""
    return {place: _OPENIMAGES[label] for place, label in enumerate(labels) if label in _OPENIMAGES}
