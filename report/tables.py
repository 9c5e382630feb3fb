"""Tables and sections as Markdown, and as rows for a screen."""

from collections.abc import Mapping, Sequence

from evidence.shown import Cell, Plot, Section, Table


def markdown_table(table: Table) -> str:
    """A table in Markdown. Leading cells that repeat those above are left empty, so that groups are seen."""
    lines = [_row(table.head), "|" + "---|" * len(table.head)]
    above: Sequence[Cell] = ()
    for row in table.rows:
        cells = [str(cell).replace("|", "\\|") for cell in row]
        for column in range(table.grouped):
            if not above or row[column] != above[column]:
                break
            cells[column] = ""
        lines.append(_row(cells))
        above = row
    return "\n".join(lines)


def screen_rows(table: Table) -> list[dict[str, str]]:
    """A row a dictionary, by the titles of the columns."""
    return [{title: str(cell) for title, cell in zip(table.head, row, strict=True)} for row in table.rows]


def markdown(sections: Sequence[Section], plots: Mapping[str, str] | None = None) -> str:
    """Sections in Markdown. plots: file names by the plot's name; a plot that was not drawn is left out."""
    blocks: list[str] = []
    for section in sections:
        blocks.append(f"{'#' * section.level} {section.title}")
        for block in section.blocks:
            if isinstance(block, Table):
                blocks.append(markdown_table(block))
            elif isinstance(block, Plot):
                file = (plots or {}).get(block.name)
                blocks += [f"![{block.caption}]({file})", f"*{block.caption}.*"] if file else []
            else:
                blocks.append(block)
    return "\n\n".join(blocks)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
