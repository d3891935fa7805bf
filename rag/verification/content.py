"""Whether a statement speaks of what its quotes speak of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.japanese import fold
from rag.verification.figures import figures
from rag.verification.marks import Mark
from rag.verification.problems import Problem, problem
from rag.verification.reading import Reading, read

_LEAST = 0.5
"""The share of a statement's content words that quotes or context must have, themselves or nearly.

Between languages, where the glossary knows only common words, one of them or a number is enough."""

FRAME = frozenset(
    """
    発表 公表 述べる 説明 明らか 話す 語る 示す 報じる 伝える 答える 回答 指摘 表明 記事 引用 出典 資料 報告 結果 内容 場合
    理由 背景 目的 目標 対象 時期 期間 日付 予定 計画 方針 見込み 見通し 可能 必要 会社 企業 同社 両社 当社 双方 数 額 率 値 点 者 人
    題名 表題 両方 評価 言及 いずれ 製品 商品 サービス 機能 技術 システム 事業 企業 組織 団体 機関 国 地域 住民 人々 人物 利用者 社員 手段 方法 種類 部分 状況 状態
    社長 会長 副社長 代表 部長 教授 知事 議員 選手 首相 大統領 責任者 創業者
    問題 課題 影響 効果 特徴 役割 関係 条件 範囲 形 名前 名称 名 意味 内訳 詳細 一方 双方 両者 両国 同様 全国 国内 現地 本人 相手
    月 日 年 度 回 時 分 現在 今回 以下 以上 未満 超 約 合計 全体 具体 次 前 後 時点 対応 実施 開始 終了 なる 行く 見る 含む 指す
    """.split()
)
"""Words of telling and asking that a true statement may add."""

_KANJI = re.compile(r"[㐀-鿿々]")


def problems(said: Reading, quotes: Sequence[Reading], context: str) -> Iterator[Problem]:
    """The statement or a sentence of it, when most of its content words are nowhere in quotes or context."""
    known = _Known(quotes, context)
    yield from _invented(said, quotes, known)
    for number in sorted({mark.sentence for mark in said.marks}):
        marks = [mark for mark in said.marks if mark.sentence == number and not mark.forms & FRAME]
        if not marks:
            continue
        shares = [known.share(mark) for mark in marks]
        if said.english != all(quote.english for quote in quotes):
            enough = any(shares) or figures(said.source) != figures("")
        else:
            enough = sum(shares) >= _LEAST * len(shares)
        if not enough:
            missing = [mark.text for mark, share in zip(marks, shares, strict=True) if share == 0]
            yield problem("content", "、".join(dict.fromkeys(missing)) or said.source, said.english)


def _invented(said: Reading, quotes: Sequence[Reading], known: _Known) -> Iterator[Problem]:
    """Things that neither quotes nor context name, nearly or otherwise."""
    if said.english or any(quote.english for quote in quotes):
        return
    for mark in said.marks:
        if mark.thing and len(mark.text) > 1 and not mark.forms & FRAME and known.share(mark) == 0:
            yield problem("content", mark.text, said.english)


class _Known:
    """The words of the quotes and of the context."""

    def __init__(self, quotes: Sequence[Reading], context: str) -> None:
        around = read(context)
        self.forms = around.forms.union(*(quote.forms for quote in quotes))
        self.text = "\n".join((*(quote.text for quote in quotes), fold(context)))
        self.sides = frozenset(side for quote in quotes for mark in quote.marks for side in mark.sides)

    def share(self, mark: Mark) -> float:
        """1 for a known word, one half for one that shares a kanji with the quotes, else 0."""
        if mark.forms & self.forms or any(len(form) > 1 and form in self.text for form in mark.forms):
            return 1.0
        if mark.sides & self.sides:
            return 1.0
        return 0.5 if any(ch in self.text for ch in _KANJI.findall(mark.text)) else 0.0
