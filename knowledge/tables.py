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
WITH_SKUS = """
SELECT body FROM products WHERE EXISTS (
    SELECT 1 FROM json_each(body, '$.variants') v
    WHERE json_extract(v.value, '$.sku') IN (SELECT value FROM json_each(?))) ORDER BY source, position
"""
STANDING = "SELECT handle, position, sha256, body FROM products WHERE source = ?"
GONE = "source = ? AND handle NOT IN (SELECT handle FROM staged)"
