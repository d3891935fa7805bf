"""Polarity, hedges and voice of Japanese words, from the particles and auxiliaries that follow each."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from rag.japanese import Word, is_content
from rag.verification.antonyms import sides
from rag.verification.marks import Mark

_NEGATIVE = frozenset("ない ぬ 無い まい なし 無し".split())
_NEGATING_PREFIXES = frozenset("不 非 未 無".split())

IMPLICIT = frozenset(
    """
    見送る 見送り 断念 中止 拒否 拒む 否定 取りやめる 取り止める 撤回 禁止 禁じる 断る 失敗 困難 難しい 不可能 不可
    不要 無用 妨げる 防ぐ 防止 控える 避ける 回避 免れる 怠る 欠く 欠ける 未定 停止 廃止 中断 反対 否認 却下 棄却
    免除 除外 断つ 断絶 疑う 疑問 無理 不足 やめる 止める 辞める 打ち切る 解約 取り消す 取消 白紙 延期 慎重 否決 不明
    """.split()
)
"""Words that take back what stands before them, in part or in whole: whether that is affirmed is unknown."""

_LIGHT = frozenset(
    """
    する 為る できる 出来る いる 居る ある 有る なる 成る れる られる せる させる くる 来る いく 行く しまう おく みる
    もらう くれる いただく いただける 頂く くださる 下さる 行う おこなう 行なう 行われる よう わけ 訳 こと 事 もの 物
    の はず つもり 限る 限り 言う いう 言える いえる 至る 得る つく いける 済む 済み 必要 予定 可能 可能性 見込み 計画 方針
    考え 意向 中 たい とる 取る 状態 形 とおり 通り 際 場合 ため 為 上 うえ 後 あと 前 まえ 側 時 とき
    """.split()
)
"""Words that polarity passes through on its way to the word before them: 発売する予定はない denies 発売."""

_UNMARKED = frozenset(
    """
    する 為る いる 居る ある 有る なる 成る れる られる せる させる くる 来る いく 行く しまう おく みる もらう くれる
    いただく いただける 頂く くださる 下さる 行う おこなう 行なう よう わけ 訳 こと 事 もの 物 の はず つもり いう 言う 言える
    ない 無い いえる いける 済む ため 為 たい とる これ それ あれ この その あの ここ そこ 同 とおり 通り 際 場合 上 うえ
    ご 御 お 等 など 的 さん 氏 様 君 達 たち ら ください もつ 持つ つ はかる なん 何 よる 因る つく 就く 関する 対する
    """.split()
)
"""Words that say nothing alone."""

HEDGES = frozenset(
    """
    予定 計画 方針 見込み 見込む 見通し 見通す 可能性 検討 目指す めざす 目標 意向 かもしれない 予想 予測 期待 恐れ おそれ
    考え 考える 案 構想 狙う 狙い 提案 求める 要請 要望 希望 申請 申し込む 目的 つもり 想定 試算 推計 推定 推測 思う
    べき らしい そう 交渉 協議 打診 準備 議論 約束 懸念 必要 義務 命じる 命令 指示 勧告 狙う 望む たい 条件 提言
    """.split()
)
_TOPIC_HEDGE = re.compile(
    r"(?:予定|計画|方針|見込み|見通し|目標|意向|予想|予測|案|構想|目的|狙い|可能性)(?:では|によると|によれば|は、?)"
)
_EPISTEMIC = re.compile(
    r"だろう|でしょう|かもし|とみられ|と見られ|らしい|可能性|恐れ|おそれ|ようだ|という(?:噂|見方)|とされ"
)
_TO_COME = re.compile(
    r"(?:へ|見通し|見込み|予定|方針|計画|案|意向)(?:です|だ|である|でした|だった)?(?=[。、」]|$)"
)
_CAN = re.compile(r"(?:こと|事)が?(?:可能|できる|でき|出来)|可能で|できる|可能だ|可能な")

_HIRAGANA = re.compile(r"[ぁ-ゖ]")
_BOUNDARY = frozenset("、。!?,;:;\n")
_SENTENCE_END = frozenset("。!?\n")

_AFFIRMING = re.compile(
    r"(?:なければ|なくては|なくちゃ|ないと|なきゃ|ねば)(?:なら|いけ|だめ|駄目)(?:な[いくか]|ません|ず|ぬ|ん)"
    r"|ざる(?:を|は)得(?:な[いくか]|ません|ず|ぬ)|ざるをえ(?:な[いくか]|ません|ず|ぬ)"
    r"|ずに(?:は)?い(?:られ|ら)(?:な[いくか]|ません)|に(?:ほか|他)なら(?:な[いくか]|ません|ず|ぬ)"
    r"|に(?:過ぎ|すぎ)(?:な[いくか]|ません|ず|ぬ)|かも(?:しれ|知れ)(?:な[いくか]|ません|ず|ぬ)"
    r"|に(?:違い|ちがい)(?:な[いくか]|ありません)|(?:間違い|まちがい)(?:な[いくか]|ありません)"
    r"|(?:だけ|のみ|ばかり)(?:で|じゃ|では)?(?:な[く]|ありません)|のみならず|に(?:とどまら|限ら)(?:ず|な[くい])"
    r"|やむ(?:を)?[得え](?:ず|な[いく])|(?:かかわら|関わら)ず|を?問わず|少なくと?も?(?:な[いく]|ありません)?"
    r"|(?:では|じゃ)ない(?:だろう|でしょう)?か|ない(?:だろう|でしょう)か|思わ[ずぬ]|相変わらず|とりあえず"
    r"|ほどなく|程なく|まもなく|間もなく|絶え間な[いく]|遠から[ずぬ]|残らず|もれなく|漏れなく|例外なく|欠かせな[いくか]"
    r"|欠かせません|見逃せな[いく]|問題な[くい]|問題(?:は)?ありません"
)
"""Negative in form alone."""

_ONLY = frozenset({"しか"})


def denies(folded: str, words: Sequence[Word]) -> bool:
    """Whether anything in a normalised Japanese text is negative, in grammar or by the meaning of a word."""
    for at, word in enumerate(words):
        if word.base in _NEGATIVE or word.key in IMPLICIT or word.base in IMPLICIT:
            return True
        if word.pos == "接頭辞" and word.surface in _NEGATING_PREFIXES and at + 1 < len(words):
            return True
    return re.search(r"のみ|だけ|しか|限ら|限定|未満|満たな|届か|未|不|非|無", folded) is not None


def marks(folded: str, words: Sequence[Word]) -> tuple[Mark, ...]:
    """The content words of a normalised Japanese text; numbers are not among them."""
    affirming = [match.span() for match in _AFFIRMING.finditer(folded)]
    negative = {
        at
        for at, word in enumerate(words)
        if word.base in _NEGATIVE and not any(start <= word.start < end for start, end in affirming)
    }
    clauses, sentences = _places(words)
    found = []
    for at, word in enumerate(words):
        if _is_marked(word):
            found.append(_mark(folded, words, at, negative, clauses, sentences))
    for pattern, meaning in _MEANINGS:
        for match in pattern.finditer(folded):
            at = next(i for i, word in enumerate(words) if word.end > match.start())
            forms = frozenset((meaning,))
            found.append(Mark(*match.span(), match.group(), forms, clauses[at], sentences[at], sides(forms)))
    return tuple(sorted(found, key=lambda mark: mark.start))


_MEANINGS = (
    (re.compile(r"(?:なければ|なくては|なくちゃ|ないと|なきゃ|ねば)(?:なら|いけ)(?:ない|ません|ず)"), "必要"),
    (re.compile(r"(?:ては|では|ちゃ)(?:なら|いけ)(?:ない|ません|ず)|ないでください|(?:ない|ぬ)よう"), "禁止"),
)
"""What is said in grammar alone may be said in a word too."""


def _is_marked(word: Word) -> bool:
    if not is_content(word) or word.base in _UNMARKED or word.key in _UNMARKED:
        return False
    return word.pos2 != "数詞" and not word.surface.isdigit() and word.pos != "接頭辞"


def _places(words: Sequence[Word]) -> tuple[list[int], list[int]]:
    """The number of the clause and of the sentence that each word stands in."""
    clause = sentence = 0
    clauses, sentences = [], []
    for word in words:
        clauses.append(clause)
        sentences.append(sentence)
        clause += word.surface in _BOUNDARY
        sentence += word.surface in _SENTENCE_END
    return clauses, sentences


def _mark(
    folded: str,
    words: Sequence[Word],
    at: int,
    negative: set[int],
    clauses: Sequence[int],
    sentences: Sequence[int],
) -> Mark:
    word = words[at]
    clause = clauses[at]
    end = at + 1
    while end < len(words) and clauses[end] == clause and _is_tail(words[end]):
        end += 1
    chain = words[at + 1 : end]
    stop = words[end] if end < len(words) and clauses[end] == clause else None
    last = stop is None or stop.surface in _SENTENCE_END
    if stop is not None and stop.surface in _BOUNDARY:
        stop = None
    forms = frozenset((word.key, word.base, word.surface))
    joined = words[at - 1].surface + word.surface if at and words[at - 1].end == word.start else ""
    compound = sides((joined,))
    if compound:
        forms = frozenset((joined,))
    prefixed = not compound and at > 0 and _negates(words[at - 1], word)
    negated = _negated(words, at, end, negative, clauses, stop)
    past = _is_past(chain)
    return Mark(
        word.start,
        word.end,
        joined if compound else word.surface,
        forms,
        clause,
        sentences[at],
        compound or sides(forms),
        negated if negated is None else negated != prefixed,
        _is_hedged(folded, words, at, end, clauses, sentences, past),
        _is_verbal(word, words[at - 1] if at else None, chain, stop),
        past,
        last and not past and _is_plain(word, chain),
        any(w.base in ("れる", "られる") for w in chain),
        word.pos == "名詞" and word.pos3 == "一般" and not _HIRAGANA.search(word.surface),
    )


def _is_tail(word: Word) -> bool:
    if word.pos in ("助詞", "助動詞", "接尾辞"):
        return True
    return word.base in _LIGHT or word.key in _LIGHT or word.base in _NEGATIVE or word.surface in "「」『』()"


def _negated(
    words: Sequence[Word], at: int, end: int, negative: set[int], clauses: Sequence[int], stop: Word | None
) -> bool | None:
    if stop is not None and (stop.base in IMPLICIT or stop.key in IMPLICIT):
        return None
    only = any(
        words[i].surface in _ONLY and clauses[i] == clauses[at]
        for i in range(max(0, at - 12), min(end, len(words)))
    )
    count = 0 if only else sum(i in negative for i in range(at + 1, end))
    return count % 2 == 1


def _negates(prefix: Word, word: Word) -> bool:
    return prefix.pos == "接頭辞" and prefix.surface in _NEGATING_PREFIXES and prefix.end == word.start


def _is_past(chain: Sequence[Word]) -> bool:
    return any(w.pos == "助動詞" and w.base in ("た", "だ") and w.key == "た" for w in chain)


def _is_verbal(word: Word, before: Word | None, chain: Sequence[Word], stop: Word | None) -> bool:
    if word.pos in ("動詞", "形容詞"):
        return True
    if not chain:  # 新機能を公開。says that it happens, インフラ投資 only names it
        return (
            stop is None and word.pos3.startswith("サ変") and before is not None and before.pos2 == "格助詞"
        )
    first = next((w for w in chain if w.pos not in ("助詞", "接尾辞")), chain[0])
    return first.base in ("する", "できる", "出来る", "行う", "おこなう", "行なう")


def _is_plain(word: Word, chain: Sequence[Word]) -> bool:
    """Whether a word that ends a sentence does so in the present tense: 発売する。, 発売します。"""
    if not chain and word.pos != "動詞":
        return False
    return all(w.base in ("する", "ます", "れる", "られる", "せる", "させる") for w in chain)


def _is_hedged(
    folded: str,
    words: Sequence[Word],
    at: int,
    end: int,
    clauses: Sequence[int],
    sentences: Sequence[int],
    past: bool,
) -> bool:
    limit = bisect_right(clauses, clauses[at])
    rest = folded[words[at].end : words[limit - 1].end]
    if _EPISTEMIC.search(rest):
        return True
    if past:
        return False
    first = bisect_left(sentences, sentences[at])
    if _TOPIC_HEDGE.search(folded, words[first].start, words[at].start):
        return True
    for i in range(at + 1, limit):
        if words[i].key == "た" and words[i].pos == "助動詞" and i < limit - 2:
            return False
        if words[i].base in HEDGES or words[i].key in HEDGES:
            return True
    return _TO_COME.search(rest + folded[words[limit - 1].end : words[limit - 1].end + 1]) is not None
