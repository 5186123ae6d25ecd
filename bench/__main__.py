"""All benchmarks, one after the other: python -m bench [name …]"""

import importlib
import sys

NAMES = ("answers", "phrasing", "hostile", "triage", "flood", "eight_hours", "latency", "recording", "ingest")


def main() -> None:
    for name in sys.argv[1:] or NAMES:
        print(f"\n# bench.{name}\n", flush=True)
        sys.argv = [f"bench.{name}"]
        try:
            importlib.import_module(f"bench.{name}").main()
        except SystemExit as end:  # one that fails does not keep the others from their figures
            print(f"(ended with {end.code})")


if __name__ == "__main__":
    main()
