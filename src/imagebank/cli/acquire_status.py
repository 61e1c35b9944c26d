"""What `imagebank acquire status` prints of one source."""

from __future__ import annotations

import typer

from imagebank.cli.report import print_table
from imagebank.core.archives import ENDS
from imagebank.workflows.acquisition import MEANINGS, SourceStatus
from imagebank.workflows.media import NOT_LANDED, TAKEN, meaning


def print_status(told: SourceStatus, most: int | None) -> None:
    """The funnel of a source, and what is incomplete; at most so many studies."""
    typer.echo(f"{told.source}")
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(told.states.items()))
    typer.echo(f"  studies    {states or 'none expected'}")
    typer.echo(
        f"  instances  expected {told.expected:,}, received {told.received:,}, banked {told.banked:,}; "
        f"{told.kept:,} files here still"
    )
    _print_media(told)
    for reason, count in sorted(told.left.items()):
        typer.echo(f"  left       {count:,} studies, {reason}: {MEANINGS.get(reason, '')}")
    _print_again(told)
    for what, count in told.tallies.items():
        if count:
            typer.echo(f"  {what:<10} {count:,} instances")
    if told.incomplete:
        typer.echo("\nincomplete")
        rows: list[tuple[str, ...]] = [
            (
                each.study,
                each.state,
                f"{each.expected:,}",
                f"{each.received:,}",
                each.reason,
                MEANINGS.get(each.reason, ""),
            )
            for each in told.incomplete[:most]
        ]
        print_table(("study", "state", "expected", "received", "why", "meaning"), rows)
        if most and len(told.incomplete) > most:
            typer.echo(f"and {len(told.incomplete) - most:,} more: --all")
    typer.echo("")


def _print_again(told: SourceStatus) -> None:
    """What waits for originals that were deleted, and how much it would be to fetch them again."""
    again, earlier = told.again, told.earlier
    if again.series:
        what_next = "have them pushed once more" if told.is_pushed else "run imagebank acquire"
        typer.echo(f"  again      {again.series:,} series ({again.gigabytes}) need their deleted files: {what_next}")
    if earlier.series:
        what_next = "have them pushed once more" if told.is_pushed else "imagebank acquire --again N fetches N of them"
        typer.echo(
            f"  earlier    {earlier.series:,} series ({earlier.gigabytes}) were banked under earlier rules, and stay: "
            f"to make them anew, {what_next}"
        )


def _print_media(told: SourceStatus) -> None:
    """The files of a medium and their members, where any was looked at."""
    if not told.files:
        return
    kinds = ", ".join(f"{count:,} {end}" for end, count in sorted(told.files.items()))
    typer.echo(f"  files      {sum(told.files.values()):,} archives and files: {kinds}")
    taken = ", ".join(f"{told.members[each]:,} {each}" for each in TAKEN if told.members[each])
    typer.echo(f"  members    {sum(told.members.values()):,}: {taken or 'none taken'}")
    for reason, count in sorted(told.members.items()):
        if reason in ENDS:
            typer.echo(f"  not whole  {count:,} archives, {reason}: {meaning(reason)}")
        elif reason not in TAKEN:
            typer.echo(f"  not landed {count:,} members, {reason}: {meaning(reason)}")
    for end, count in sorted(told.files.items()):
        if end in NOT_LANDED and not told.members[end]:
            typer.echo(f"  not whole  {count:,} files, {end}: {meaning(end)}")
    if told.members.keys() - TAKEN or told.files.keys() - {"read"}:
        typer.echo("  list       landing/media.csv (identifiable)")
