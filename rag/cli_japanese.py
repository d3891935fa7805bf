"""Click's own words in Japanese. Each of its modules takes them from gettext, by the names `_` and `ngettext`."""

from __future__ import annotations

import gettext

from click import core, decorators, exceptions, formatting, parser, types

from rag.messages import Lang

_MODULES = (core, decorators, exceptions, formatting, parser, types)
_WORDS = {
    "Usage:": "使い方:",
    "Options": "オプション",
    "Positional arguments": "引数",
    "Commands": "コマンド",
    "Show this message and exit.": "この説明を表示します。",
    "default: {default}": "既定: {default}",
    "required": "必須",
    "Try '{command} {option}' for help.": "使い方の説明: {command} {option}",
    "Error: {message}": "エラー: {message}",
    "Aborted!": "中断しました。",
    "Missing command.": "コマンドを指定してください。",
    "No such command {name!r}.": "「{name}」というコマンドはありません。",
    "No such option {name!r}.": "「{name}」というオプションはありません。",
    "Did you mean {possibility}?": "{possibility} ではありませんか。",
    "(Did you mean one of: {possibilities}?)": "(もしかして: {possibilities})",
    "Got unexpected extra argument ({args})": "余分な引数があります({args})。",
    "Got unexpected extra arguments ({args})": "余分な引数があります({args})。",
    "Missing argument": "引数がありません:",
    "Missing option": "オプションがありません:",
    "Option {name!r} requires an argument.": "{name} には値が必要です。",
    "Option {name!r} does not take a value.": "{name} に値は付けられません。",
    "Invalid value: {message}": "値が正しくありません: {message}",
    "Invalid value for {param_hint}: {message}": "{param_hint} の値が正しくありません: {message}",
    "{value!r} is not a valid {number_type}.": "「{value}」は数ではありません。",
    "{value} is not in the range {range}.": "{value} は範囲 {range} の外です。",
    "{value!r} is not {choice}.": "「{value}」は {choice} ではありません。",
    "{value!r} is not one of {choices}.": "「{value}」は {choices} のどれでもありません。",
    "{value!r} does not match the format {format}.": "「{value}」は {format} の形ではありません。",
    "{value!r} does not match the formats {formats}.": "「{value}」は {formats} のどの形でもありません。",
    "{name} {filename!r} does not exist.": "{filename} がありません。",
    "{name} {filename!r} is a file.": "{filename} はファイルです。",
    "{name} {filename!r} is a directory.": "{filename} はフォルダーです。",
    "{name} {filename!r} is not readable.": "{filename} を読めません。",
    "{name} {filename!r} is not writable.": "{filename} に書けません。",
}


def speak(lang: Lang) -> None:
    """From now on, let help pages and mistakes in the use of a command be told in this language."""
    for module in _MODULES:
        for name, japanese in (("_", _one), ("ngettext", _one_or_many)):
            if hasattr(module, name):
                setattr(module, name, japanese if lang == "ja" else getattr(gettext, name, gettext.gettext))


def _one(message: str) -> str:
    return _WORDS.get(message, message)


def _one_or_many(one: str, many: str, count: int) -> str:
    return _one(one if count == 1 else many)
