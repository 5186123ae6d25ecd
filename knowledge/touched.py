"""Which products have changed since a version of the catalogue, so that readers read these again and no others."""

import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS touched (handle TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS touched_version ON touched (version);
INSERT OR IGNORE INTO meta SELECT 'touched', value FROM meta WHERE key = 'version';
"""
STAGED = """
SELECT s.handle FROM staged s LEFT JOIN products p ON p.handle = s.handle AND p.source = :source WHERE p.sha256 IS NOT s.sha256
UNION SELECT handle FROM products WHERE source = :source AND handle NOT IN (SELECT handle FROM staged)
"""
MOST = 50_000  # products of one change that are noted one by one; of more it is only known that there was such a change


def note_staged(db: sqlite3.Connection, source: str, count: int, version: int) -> None:
    """The ``count`` products of a source in which what is staged differs; ``version`` has that. To be called before."""
    if count > MOST:
        db.execute("DELETE FROM touched")
        db.execute("UPDATE meta SET value = ? WHERE key = 'touched'", (version,))
    else:
        rows = f"INSERT OR REPLACE INTO touched SELECT handle, :version FROM ({STAGED})"
        db.execute(rows, {"source": source, "version": version})


def note(db: sqlite3.Connection, handle: str, version: int) -> None:
    """One product that is another from ``version`` on."""
    db.execute("INSERT OR REPLACE INTO touched VALUES (?, ?)", (handle, version))


def since(db: sqlite3.Connection, version: int) -> frozenset[str] | None:
    """Handles of products that came, went or changed after ``version``; None when that is no longer known."""
    if version < int(db.execute("SELECT value FROM meta WHERE key = 'touched'").fetchone()[0]):
        return None
    return frozenset(handle for (handle,) in db.execute("SELECT handle FROM touched WHERE version > ?", (version,)))


def kinds_since(db: sqlite3.Connection, version: int) -> frozenset[str]:
    """What sellers call the types of products that changed after ``version``; of all when that is not known."""
    rows = "SELECT DISTINCT json_extract(body, '$.kind') FROM products"
    if since(db, version) is not None:
        rows += " WHERE handle IN (SELECT handle FROM touched WHERE version > :version)"
    return frozenset(kind for (kind,) in db.execute(rows, {"version": version}) if kind)
