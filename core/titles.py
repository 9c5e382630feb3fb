"""What classes, questions, networks, regions, views and sets of films are called where a person reads of them."""

from collections.abc import Mapping

from core.labels import NORMAL, OSTEOPENIA, OSTEOPOROSIS

CLASS_TITLES = {NORMAL: "Normal", OSTEOPENIA: "Osteopenia", OSTEOPOROSIS: "Osteoporosis"}
SCORE_TITLES = {"vertebral_fracture": "Vertebral fracture", "osteoporosis": "Osteoporosis"}

NETWORKS = {
    "mobilenet_v2": "MobileNetV2",
    "vit": "ViT",
    "resnet": "ResNet",
    "resnet18": "ResNet-18",
    "resnet50": "ResNet-50",
    "vgg16": "VGG-16",
    "cnn3": "3-layer CNN",
    "inception_v3": "InceptionV3",
    "densenet121": "DenseNet121",
    "efficientnet_b4": "EfficientNet-B4",
    "image": "Film alone",
    "with_clinical": "With age, sex, BMI",
    "image_unmeasured": "Film alone, without measured heights",
    "with_clinical_unmeasured": "With age, sex, BMI, without measured heights",
    "vertebrae": "Vertebra detector (U-Net)",
    "bodies": "Landmark refinement of each vertebra (U-Net)",
    "u_net": "U-Net",
    "u_net_pp": "U-Net++",
    "finder": "Landmark detector (U-Net)",
    "decomposer": "Bone decomposition network",
}
# A network's name may say how it was trained, or what it is given besides the film.
TRAINED = {"_fine_tuned": ", fine-tuned", "_frozen": ", frozen"}
BESIDE = " with "
MODELS = {"joint": "Ensemble", "commonest class": "Most common class"}

REGIONS = {
    "femoral_neck": "Femoral neck",
    "greater_trochanter": "Greater trochanter",
    "wards_triangle": "Ward's triangle",
    "total_hip": "Total hip",
    "femur": "Proximal femur",
    "union": "All four regions",
}

# Whose bones a simulated patient has.
BODIES = {"built_in": "Built-in", "mesh": "Mesh"}

# What a set of films was made of, so that nobody takes simulated patients for real ones.
SETS = {
    "internal": "simulated patients not used in training, on the simulated scanner used in training (alpha).",
    "external": "simulated patients not used in training, on a simulated scanner not used in training (beta).",
    "test": "test split, not used in training.",
    "held_out": "validation split, used to monitor training and for calibration, so these figures are optimistic.",
    "own_before": "films of one's own, as they were answered before recalibration.",
    "own": "the same films, cross-fitted: each fifth of the patients is answered by what was fitted to the others.",
    "cross_validation": "cross-validation on the development split; networks not trained on a film predict it.",
}
# The same in a sentence: "... on <place>".
PLACES = {
    "internal": "simulated patients not used in training",
    "external": "simulated patients, simulated scanner not used in training",
    "test": "the test split",
    "held_out": "the validation split",
    "own_before": "films of one's own, before recalibration",
    "own": "films of one's own, recalibrated and cross-fitted",
    "cross_validation": "the development split, by cross-validation",
}
SET_TITLES = {
    "own_before": "own films, before",
    "own": "own films, cross-fitted",
    "held_out": "validation",
    "cross_validation": "cross-validation",
}

SITES = {"hip": "Hip", "knee": "Knee", "spine": "Spine"}
VIEWS = {"ap": "AP", "lateral": "lateral"}


def class_title(label: str) -> str:
    """A class for people: `Osteopenia`."""
    return CLASS_TITLES.get(label, plain(label))


def score_title(name: str) -> str:
    """A score for people; a table's column `score_<name>` is named by its score, and by its network where it says so:
    `score_osteoporosis_with_clinical`."""
    short = name.removeprefix("score_")
    for score, title in SCORE_TITLES.items():
        rest = short.removeprefix(score)
        if rest != short:
            return f"{title}, {lower_first(network_title(rest.strip('_')))}" if rest else title
    return plain(short)


def network_title(name: str) -> str:
    """A network for people; one that is shown a single region names it: `DenseNet121, femoral neck`."""
    if name in NETWORKS:
        return NETWORKS[name]
    network, beside, known = name.partition(BESIDE)
    if beside:
        return f"{network_title(network)}, with {known}"
    shown = {f"_{region}": f", {within(title)}" for region, title in REGIONS.items()}
    for ending, title in {**TRAINED, **shown}.items():
        network = name.removesuffix(ending)
        if network != name:
            return network_title(network) + title
    return plain(name)


def model_title(name: str) -> str:
    """Whoever gave an answer: the ensemble, one of its networks, or a baseline."""
    return MODELS.get(name) or network_title(name)


def view_title(name: str) -> str:
    """A view by the name that it has in readings, such as `hip_ap`: site and direction as far as they are known."""
    site, _, view = name.partition("_")
    return ", ".join(part for part in (SITES.get(site, ""), VIEWS.get(view, "")) if part) or plain(name)


def region_title(name: str) -> str:
    """A region for people: `Femoral neck`."""
    return REGIONS.get(name, plain(name))


def part_title(name: str) -> str:
    """A part of an expert's answer: its class, a finding, a body's grade, a region or a point."""
    if name == "class":
        return "Class"
    grade = name.removeprefix("genant_")
    if grade != name:
        return f"Genant grade of {grade}"
    return SCORE_TITLES.get(name) or region_title(name)


def body_title(name: str) -> str:
    """Whose bones a simulated patient has: `Built-in`."""
    return BODIES.get(name, plain(name))


def set_title(name: str) -> str:
    """A set at the head of a column: `validation`."""
    return SET_TITLES.get(name, name)


def set_note(name: str, data: str = "virtual") -> str:
    """What the films of a set show; `data` is `virtual`, or the name of the manifest that lists them."""
    return SETS[name] if data == "virtual" and name in SETS else f"the films of the manifest {data}."


def set_place(name: str) -> str:
    """A set within a sentence, after `on`."""
    return PLACES.get(name, name)


def weights_sentence(weights: Mapping[str, float]) -> str:
    """How the networks' answers are combined. weights: by network; empty where all have the same weight."""
    if not weights:
        return ""
    named = ", ".join(f"{network_title(name)} {weight:.2f}" for name, weight in weights.items())
    ignored = " A network with weight 0 is shown but does not affect the ensemble." if 0.0 in weights.values() else ""
    return f"Ensemble weights, fitted on validation films: {named}.{ignored}"


def within(title: str) -> str:
    """A title within a sentence: names of people and abbreviations keep their capital."""
    return title if title.startswith("Ward") else lower_first(title)


def lower_first(text: str) -> str:
    """The same with a small first letter, unless it begins with an abbreviation."""
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def capital(text: str) -> str:
    """The same with a large first letter."""
    return text[:1].upper() + text[1:]


def plain(code: str) -> str:
    """A code as words: `wards_triangle` is `Wards triangle`."""
    return capital(str(code).replace("_", " ").strip())
