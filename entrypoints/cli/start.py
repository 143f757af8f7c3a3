"""Where the command ``taskward`` begins."""

import gc


def main() -> None:
    """Run the command. Nothing that is imported becomes garbage; looking for it took a quarter of the start."""
    gc.disable()
    from entrypoints.cli.main import cli

    gc.freeze()
    gc.enable()
    cli()
