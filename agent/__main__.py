"""The `hawker` command. Parses, calls, prints; every import that costs time waits until its command runs."""

import argparse
import sys
from pathlib import Path

EPILOG = "Data lives in $HAWKER_DATA, else in the user's data folder. Each command has --help."


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(prog="hawker", description="An AI host for live shopping.", epilog=EPILOG)
    top.add_argument("--verbose", action="store_true", help="log more")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, help: str, *, json: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help, description=help)
        if json:
            command.add_argument("--json", action="store_true", help="print one JSON object")
        return command

    live = add("live", "run a show: page, chat, host", json=False)
    live.add_argument("--config", type=Path, help="default: hawker.toml here")
    live.add_argument("--port", type=int, help="of the page; 0 takes a free one")
    live.add_argument("--seconds", type=float, help="end after this much of the show")
    live.add_argument("--record", type=Path, metavar="OUT.mp4", help="write what viewers see and hear")
    live.add_argument("--chat", type=Path, metavar="CHAT.jsonl", help="feed recorded comments")
    live.add_argument("--json", action="store_true", help="print a summary of the show as JSON at its end")

    replay = add("replay", "run a recorded chat through the show, without sound or picture, faster than it was")
    replay.add_argument("chat", type=Path, metavar="CHAT.jsonl")
    replay.add_argument("--speed", default="max", help='1 is real time, 60 a minute in a second; default "max"')
    replay.add_argument("--seconds", type=float, help="of the show; default: a minute after the last comment")
    replay.add_argument("--seed", type=int, help="default: the configuration's")
    replay.add_argument("--at", metavar="TIME", help="when the show begins, as 2026-11-27T20:00+01:00; default: now")
    replay.add_argument("--journal", type=Path, metavar="OUT.sqlite", help="default: replay.sqlite in the data folder")
    replay.add_argument("--model", action="store_true", help="let the configured language model phrase the answers")
    replay.add_argument("--config", type=Path)

    report = add("report", "write an HTML page about a show from its journal")
    report.add_argument("journal", type=Path, nargs="?", help="default: the data folder's")
    report.add_argument("--out", type=Path, metavar="REPORT.html", help="default: report.html here")
    report.add_argument("--show", type=int, help="number of the show in the journal; default: the last")

    ingest = add("ingest", "read product exports and policy pages into the catalogue")
    ingest.add_argument("files", type=Path, nargs="+", metavar="FILE")
    ingest.add_argument("--config", type=Path)
    ingest.add_argument("--currency", help="ISO code for feeds that do not say; default: the configuration's")

    ingest.add_argument("--watch", action="store_true", help="go on, and read a file again whenever it changes; Ctrl+C ends it")

    offer = add("offer", "change the price or stock of one article, also while a show runs")
    offer.add_argument("sku", metavar="SKU")
    offer.add_argument("--price", help="in the catalogue's currency: 19.90")
    offer.add_argument("--stock", type=int, help="units that are left; 0 is sold out")

    ask = add("ask", "answer one question from the catalogue, in text")
    ask.add_argument("question")
    ask.add_argument("--lang", help="answer in this language; default: the question's own")
    ask.add_argument("--config", type=Path)

    evaluate = add("eval", "score answers on labelled questions: one table a model")
    evaluate.add_argument("--set", type=Path, metavar="FILE.jsonl", help="default: 232 questions on the example catalogue")
    evaluate.add_argument("--model", action="append", help="of the server; give it again for one more table")
    evaluate.add_argument("--base-url", help="an OpenAI-compatible server; default: the configuration's model")
    evaluate.add_argument("--api-key-env", metavar="NAME", help="the environment variable that holds its key")
    evaluate.add_argument("--plain", action="store_true", help="without a model")
    evaluate.add_argument("--limit", type=int, metavar="N", help="ask N of the questions, taken evenly")
    evaluate.add_argument("--config", type=Path)

    say = add("say", "speak a sentence into a WAV file")
    say.add_argument("text")
    say.add_argument("-o", "--out", type=Path, required=True, metavar="OUT.wav")
    say.add_argument("--timings", type=Path, metavar="T.json", help="write phoneme times")
    say.add_argument("--lang", default="en")
    say.add_argument("--voice", help="default: the configuration's")
    say.add_argument("--config", type=Path)

    add("voices", "list voices and languages")
    check = add("check", "what is installed, which models, which device, what is missing and how to get it")
    check.add_argument("--config", type=Path)
    add("connectors", "list the chat connectors that are installed")
    _avatar(
        commands.add_parser("avatar", help="make, list and test avatars", description="Make, list and test avatars.")
    )
    return top


def _avatar(command: argparse.ArgumentParser) -> None:
    verbs = command.add_subparsers(dest="verb", required=True, metavar="VERB")
    train = verbs.add_parser("train", help="make an avatar from a minute of video")
    train.add_argument("video", type=Path)
    train.add_argument("--name", required=True)
    train.add_argument("--consent", type=Path, required=True, help="JSON or TOML: who agreed, when, and to what")
    train.add_argument("--transcript", type=Path, metavar="T.json", help="phoneme times: better lips than sound alone")
    train.add_argument("--out", type=Path, help="folder of the pack; default: the data folder")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--threads", type=int, default=2)
    train.add_argument("--steps", type=int, help="of learning to draw; fewer for a quick look")
    train.add_argument("--json", action="store_true")
    render = verbs.add_parser("render", help="let an avatar speak a recording")
    render.add_argument("name")
    render.add_argument("--audio", type=Path, required=True, metavar="IN.wav")
    render.add_argument("--timings", type=Path, metavar="T.json", help="as `hawker say --timings` writes them")
    render.add_argument("-o", "--out", type=Path, required=True, metavar="OUT.mp4")
    render.add_argument("--json", action="store_true")
    verbs.add_parser("list", help="installed avatars").add_argument("--json", action="store_true")


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status. Expected failures are one line, not a traceback."""
    args = parser().parse_args(argv)
    from agent import commands, observe

    observe.setup(verbose=args.verbose)
    name = {"avatar": f"avatar_{getattr(args, 'verb', '')}", "eval": "evaluate"}.get(args.command, args.command)
    try:
        return int(getattr(commands, name)(args) or 0)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1
    except Exception as error:
        if not commands.expected(error):
            raise
        print(f"hawker: {commands.line(error)}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
