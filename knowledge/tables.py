"""The catalogue's tables, and the longer statements about them."""

VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS sources (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS products (
    handle TEXT PRIMARY KEY, position INTEGER NOT NULL, source TEXT NOT NULL, sha256 TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS policies (source TEXT NOT NULL, position INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS vectors (embedder TEXT NOT NULL, sha256 BLOB NOT NULL, vector BLOB NOT NULL,
    PRIMARY KEY (embedder, sha256)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS products_order ON products (source, position);
"""
PORTION = """
SELECT source, position, handle FROM products WHERE (source, position) > (?, ?) ORDER BY source, position LIMIT 500
"""

STAGED = """
CREATE TEMP TABLE IF NOT EXISTS staged (handle TEXT PRIMARY KEY, position INTEGER, sha256 TEXT, body TEXT);
DELETE FROM staged;
"""
# Which products have a SKU. Kept by ingestion alone: a new offer changes no SKU.
SKUS = (
    "CREATE TABLE skus (sku TEXT NOT NULL, handle TEXT NOT NULL, PRIMARY KEY (sku, handle)) WITHOUT ROWID",
    "CREATE INDEX skus_handle ON skus (handle)",
)
ADD_SKUS = """
INSERT OR IGNORE INTO skus
    SELECT json_extract(v.value, '$.sku') AS sku, handle FROM {} AS new, json_each(new.body, '$.variants') AS v
"""
WITH_SKUS = """
SELECT body FROM products WHERE handle IN (SELECT handle FROM skus WHERE sku IN (SELECT value FROM json_each(?)))
    ORDER BY source, position
"""
STANDING = "SELECT handle, position, sha256, body FROM products WHERE source = ?"
GONE = "source = :source AND handle NOT IN (SELECT handle FROM staged)"
SAME = "EXISTS (SELECT 1 FROM products p WHERE p.handle = new.handle AND p.sha256 = new.sha256{})"
REPLACE = (  # make the products of a source those that are staged; what has not changed is not written again
    f"DELETE FROM skus WHERE handle IN (SELECT handle FROM products WHERE {GONE})",
    f"DELETE FROM skus WHERE handle IN (SELECT handle FROM staged AS new WHERE NOT {SAME.format('')})",
    f"{ADD_SKUS.format('staged')} WHERE NOT {SAME.format('')} ORDER BY sku",  # in order: a million are written page by page
    f"DELETE FROM products WHERE {GONE}",
    f"""INSERT OR REPLACE INTO products SELECT handle, position, :source, sha256, body FROM staged AS new
        WHERE NOT {SAME.format(" AND p.source = :source AND p.position = new.position")}""",
)
