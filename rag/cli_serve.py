"""`rag serve`, `rag mcp` and `rag keys`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, get_args

import click

from rag.cli_parts import Context, command, opened
from rag.config import ServerSettings, find_home, load_settings
from rag.messages import text


def serve_command(context: Context) -> click.Command:
    """Chat, API and MCP in one process."""
    lang = context.lang
    host = click.Option(["--host"], help=text("serve.host", lang))
    port = click.Option(["--port"], type=click.IntRange(0, 65535), help=text("serve.port", lang))
    chat_flag = click.Option(["--chat/--no-chat"], default=True, help=text("serve.chat", lang))

    @command("serve", lang, host, port, chat_flag)
    def serve(chat: bool, **given: Any) -> None:
        from rag import serving

        settings = _settings(context, **given)
        with opened(context, asking=True) as assistant:
            serving.serve(assistant, settings, lang, chat=chat)

    return serve


def mcp_command(context: Context) -> click.Command:
    """MCP at standard input and output."""

    @command("mcp", context.lang)
    def mcp() -> None:
        from rag.http import logs
        from rag.http.server import Server
        from rag.mcp_server import run_stdio

        logs.configure()
        with opened(context, asking=True) as assistant:
            server = Server(assistant, _settings(context))
            server.mcp_lang = context.lang
            run_stdio(server)

    return mcp


def _settings(context: Context, **given: Any) -> ServerSettings:
    chosen = load_settings(find_home(context.home)).server
    return chosen.model_copy(update={name: value for name, value in given.items() if value is not None})


def keys_group(context: Context) -> click.Group:
    """API keys."""
    group = click.Group("keys", help=text("keys", context.lang))
    for make in (_add, _list, _revoke):
        group.add_command(make(context))
    return group


def _add(context: Context) -> click.Command:
    from rag.keys import Scope

    lang = context.lang
    scope_option = click.Option(
        ["--scope"],
        type=click.Choice(get_args(Scope)),
        default="read",
        show_default=True,
        help=text("keys.scope", lang),
    )
    expires_option = click.Option(
        ["--expires"], type=click.DateTime(["%Y-%m-%d"]), help=text("keys.expires", lang)
    )

    @command("keys.add", lang, click.Argument(["name"]), scope_option, expires_option)
    def add(name: str, scope: Scope, expires: datetime | None) -> None:
        from rag.keys import add_key

        made = add_key(find_home(context.home), name, scope, expires.date() if expires else None)
        click.echo(made.token)
        click.echo(text("keys.shown_once", lang), err=True)

    return add


def _list(context: Context) -> click.Command:
    @command("keys.list", context.lang)
    def list_keys() -> None:
        from rag.keys import read_keys

        for key in read_keys(find_home(context.home)):
            until = _until(key.expires)
            state = text(f"keys.{key.problem() or 'good'}", context.lang)
            click.echo(f"{key.id}  {key.scope:5}  {until:10}  {state}  {key.name}")

    return list_keys


def _until(expires: date | None) -> str:
    return expires.isoformat() if expires else "-"


def _revoke(context: Context) -> click.Command:
    @command("keys.revoke", context.lang, click.Argument(["name_or_id"]))
    def revoke(name_or_id: str) -> None:
        from rag.keys import revoke_key

        key = revoke_key(find_home(context.home), name_or_id)
        click.echo(text("keys.is_revoked", context.lang, name=key.name))

    return revoke
