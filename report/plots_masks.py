"""Plots of the task `masks`: overlap by region and network."""

from matplotlib.figure import Figure as Drawing

from core.titles import network_title, region_title
from evidence.figure import UNDEFINED
from evidence.study import Study
from report.plotting import LINES, MARKS, PANEL, keyed, lettered, panels


def outlines(study: Study) -> Drawing:
    """A panel a set: IoU by region, a mark a network, with its interval."""
    sets = {name: one for name, one in study.evidence.sets.items() if one.outlines}
    known = [regions for found in sets.values() for regions in found.outlines.values()]
    regions = list(dict.fromkeys(region for one in known for region in one))
    plot, grid = panels(1, len(sets), PANEL * 1.3, 1.1 + 0.5 * len(regions), beside=1.1)
    for panel, (name, found) in zip(grid[0], sets.items(), strict=True):
        networks = list(found.outlines)
        for number, network in enumerate(networks):
            for place, region in enumerate(regions):
                drawn = found.outlines[network].get(region)
                iou = drawn.iou if drawn else UNDEFINED
                if iou.value is None or iou.low is None or iou.high is None:
                    continue
                panel.errorbar(
                    iou.value, place + 0.22 * (number - (len(networks) - 1) / 2),
                    xerr=[[iou.value - iou.low], [iou.high - iou.value]], fmt=MARKS[number % len(MARKS)],
                    color=LINES[number + 1], markersize=5, capsize=3, linewidth=1.4,
                    label=network_title(network) if place == 0 else None,
                )  # fmt: skip
        panel.set_yticks(range(len(regions)), [region_title(region) for region in regions])
        panel.set(xlim=(0, 1), ylim=(len(regions) - 0.5, -0.5), title=name.capitalize())
        lettered(panel, "IoU", "")
    return keyed(plot, grid[0][0])
