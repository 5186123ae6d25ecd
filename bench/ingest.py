"""Ingesting a large export: rows a second, and the most memory that the process ever held.

python -m bench.ingest [megabytes]
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from bench.show import machine
from knowledge.feeds import stream
from knowledge.store import Store

HEADER = "Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty\n"
TEXT = "<p>" + "Sturdy, bright and useful; washes at 40 degrees. " * 12 + "</p>"


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    with tempfile.TemporaryDirectory(prefix="hawker-bench-") as folder:
        path = Path(folder) / "export.csv"
        made = _write(path, megabytes << 20)
        store = Store(Path(folder) / "catalogue.sqlite")
        before, began = _peak_mib(), time.monotonic()
        report = store.ingest(*stream(path))
        took = time.monotonic() - began
    assert report.products == made and not report.refused
    print(f"machine: {machine()}\n\n| file MiB | rows | products | seconds | rows a second | peak MiB before | peak MiB |")
    print("|---|---|---|---|---|---|---|")
    speed = f"{took:.1f} | {report.rows / took:.0f}"
    print(f"| {megabytes} | {report.rows} | {report.products} | {speed} | {before:.0f} | {_peak_mib():.0f} |")


def _write(path: Path, size: int) -> int:
    """An export of three rows a product, the description on the first; how many products it has."""
    made = 0
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        while file.tell() < size:
            about = f'Product {made},"{TEXT}{made}",Maker,Thing,Size'
            for at, value in enumerate(("Small", "Medium", "Large")):
                file.write(f"product-{made},{about if at == 0 else ',,,,'},{value},S{made}-{at},{made % 90 + 1}.50,{made % 7}\n")
            made += 1
    return made


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
