"""The command line, `rag`: a thin surface over one `Assistant`."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import click

from rag import wire
from rag.assistant import Assistant, rebuild
from rag.cli_feedback import feedback_group
from rag.cli_filters import chosen_filter, filter_options
from rag.cli_japanese import speak
from rag.cli_parts import Context, command, opened, progress_bar
from rag.cli_serve import keys_group, mcp_command, serve_command
from rag.errors import InvalidQuestion, RagError
from rag.messages import Lang, language, text
from rag.types import Filter


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command; a user's mistake prints a message and no traceback.

    Exit codes: 0 done (an abstention too), 1 the work failed, 2 wrong usage, 130 interrupted.
    """
    _utf8_streams()
    lang, status = language(None), 0
    speak(lang)
    try:
        arguments, options = _global_options(list(sys.argv[1:] if argv is None else argv))
        lang = language(options.get("--lang"))
        speak(lang)
        group = build(Context(lang, Path(options["--home"]) if "--home" in options else None))
        with group.make_context("rag", arguments) as click_context:
            group.invoke(click_context)
        print(end="", flush=True)  # here, where a reader that left is noticed
    except RagError as error:
        from rag.rendering import print_error

        print_error(error, lang)
        status = 2 if isinstance(error, InvalidQuestion) else 1
    except click.exceptions.Exit as done:
        status = done.exit_code
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except KeyboardInterrupt:
        print(text("interrupted", lang), file=sys.stderr)
        status = 130
    except BrokenPipeError:  # the reader of our output has what it wanted, as in `rag search … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def _global_options(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """Take `--home X` and `--lang X` out of the arguments, wherever they stand before `--`.

    Raises:
        click.UsageError: a value is missing or is no language.
    """
    rest: list[str] = []
    found: dict[str, str] = {}
    iterator = iter(arguments)
    for argument in iterator:
        name, equals, value = argument.partition("=")
        if argument == "--":
            return [*rest, argument, *iterator], found
        if name in ("--home", "--lang"):
            found[name] = value if equals else next(iterator, "")
            if not found[name] or (name == "--lang" and found[name] not in get_args(Lang)):
                raise click.UsageError(text(f"bad_option.{name}", language(None)))
        else:
            rest.append(argument)
    return rest, found


def _utf8_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def build(context: Context) -> click.Group:
    """The command tree, in the language of the context."""
    from evals.command import eval_command

    lang = context.lang
    group = click.Group("rag", help=text("about", lang), epilog=text("epilog", lang), no_args_is_help=True)
    single = (
        _ask,
        _search,
        _ingest,
        _remove,
        _articles,
        _rebuild,
        _chat,
        serve_command,
        mcp_command,
        _doctor,
    )
    for make in (*single, keys_group, feedback_group):
        group.add_command(make(context))
    group.add_command(eval_command(lang, context.home))
    return group


def _json_flag(lang: Lang) -> click.Option:
    return click.Option(["--json", "as_json"], is_flag=True, help=text("ask.json", lang))


def _k_option(lang: Lang) -> click.Option:
    return click.Option(
        ["--k", "-k"], type=click.IntRange(1, 1000), default=5, show_default=True, help=text("k", lang)
    )


def _ask(context: Context) -> click.Command:
    lang = context.lang
    jsonl_flag = click.Option(["--jsonl"], is_flag=True, help=text("ask.jsonl", lang))
    question_argument = click.Argument(["question"], required=False)

    shared = (_json_flag(lang), jsonl_flag, _k_option(lang), *filter_options(lang))

    @command("ask", lang, question_argument, *shared)
    def ask(question: str | None, as_json: bool, jsonl: bool, k: int, **given: Any) -> None:
        where = chosen_filter(lang, given)
        if jsonl:
            with opened(context, asking=True) as assistant:
                for line in sys.stdin.buffer if sys.stdin else ():
                    print(_answer_line(assistant, line, k, where, lang), flush=True)
        elif question is None:
            raise click.UsageError(text("no_question", lang))
        elif as_json:
            print(wire.dumps(_ask_json(context, question, k, where), indent=2))
        else:
            from rag.rendering import print_reply

            with opened(context, asking=True) as assistant:
                print_reply(assistant.ask(question, k, where), lang)

    return ask


def _ask_json(context: Context, question: str, k: int, where: Filter | None) -> dict[str, Any]:
    try:
        with opened(context, asking=True) as assistant:
            return wire.reply_object(assistant.ask(question, k, where))
    except RagError as error:
        print(wire.dumps(wire.error_object(error, lang=context.lang), indent=2))
        raise


def _answer_line(assistant: Assistant, line: bytes, k: int, where: Filter | None, lang: Lang) -> str:
    """The reply to one line of a batch as JSON; whatever is wrong with the line is said in its place."""
    request = wire.request_object(line)
    request_id, question = request.get("id"), request.get("question")
    try:
        if not isinstance(question, str):
            raise InvalidQuestion(text("bad_line", lang), text("bad_line.hint", lang))
        reply = wire.reply_object(assistant.ask(question, k, where), request_id)
    except RagError as error:
        reply = wire.error_object(error, request_id, lang)
    return wire.dumps(reply)


def _search(context: Context) -> click.Command:
    lang = context.lang

    @command(
        "search", lang, click.Argument(["question"]), _json_flag(lang), _k_option(lang), *filter_options(lang)
    )
    def search(question: str, as_json: bool, k: int, **given: Any) -> None:
        where = chosen_filter(lang, given)
        with opened(context) as assistant:
            hits = assistant.search(question, k, where)
        if as_json:
            print(wire.dumps([wire.hit_object(hit) for hit in hits], indent=2))
        else:
            from rag.rendering import print_hits

            print_hits(hits, lang)

    return search


def _ingest(context: Context) -> click.Command:
    lang = context.lang
    facts = [click.Option([f"--{name}"], help=text(f"ingest.{name}", lang)) for name in _FACTS]

    @command("ingest", lang, click.Argument(["sources"], nargs=-1, required=True), *facts)
    def ingest(sources: tuple[str, ...], **given: str | None) -> None:
        from rag.importing.source import import_source
        from rag.rendering import print_changes

        if len(sources) > 1 and (given["url"] or given["title"]):
            raise click.UsageError(text("one_source", lang))
        articles = [article for source in sources for article in import_source(source, **given)]
        with opened(context) as assistant, progress_bar(lang) as progress:
            print_changes(assistant.ingest(articles, progress), lang)

    return ingest


_FACTS = ("url", "title", "publisher", "published")


def _remove(context: Context) -> click.Command:
    @command("remove", context.lang, click.Argument(["article_id"]))
    def remove(article_id: str) -> None:
        from rag.rendering import print_changes

        with opened(context) as assistant:
            print_changes(assistant.remove(article_id), context.lang)

    return remove


def _articles(context: Context) -> click.Command:
    @command("articles", context.lang, _json_flag(context.lang))
    def articles(as_json: bool) -> None:
        with opened(context) as assistant:
            found, chunks = assistant.articles(), assistant.chunk_count()
        if as_json:
            print(wire.dumps([article.model_dump(exclude={"text"}) for article in found], indent=2))
        else:
            from rag.rendering import print_articles

            print_articles(found, chunks, context.lang)

    return articles


def _rebuild(context: Context) -> click.Command:
    @command("rebuild", context.lang)
    def rebuild_index() -> None:
        with progress_bar(context.lang) as progress, rebuild(context.home, progress=progress) as assistant:
            counts = {"articles": assistant.overview().articles, "chunks": assistant.chunk_count()}
            print(text("article_count", context.lang, **counts))

    return rebuild_index


def _chat(context: Context) -> click.Command:
    lang = context.lang
    host_option = click.Option(
        ["--host"], default="127.0.0.1", show_default=True, help=text("chat.host", lang)
    )
    port_type = click.IntRange(1, 65535)
    port_option = click.Option(["--port"], type=port_type, help=text("chat.port", lang))
    open_flag = click.Option(["--open/--no-open", "open_browser"], default=True, help=text("chat.open", lang))

    @command("chat", lang, host_option, port_option, open_flag)
    def chat(host: str, port: int | None, open_browser: bool) -> None:
        import ui

        with opened(context, asking=True) as assistant:
            ui.launch(assistant, lang, host=host, port=port, open_browser=open_browser)

    return chat


def _doctor(context: Context) -> click.Command:
    @command("doctor", context.lang)
    def doctor() -> None:
        from rag.doctor import examine
        from rag.rendering import print_findings

        findings = list(examine(context.home, context.lang))
        print_findings(findings, context.lang)
        if any(finding.state == "failed" for finding in findings):
            raise click.exceptions.Exit(1)

    return doctor
