"""What is no question to the articles: a greeting, thanks, or which articles there are."""

from __future__ import annotations

import re
from typing import Literal

from rag.japanese import fold

Talk = Literal["greeting", "thanks", "catalogue"]

_END = r"[\s。、!?~ー・…w笑]*"
_TALK: tuple[tuple[Talk, str], ...] = (
    ("greeting", r"(?:こん(?:にち|ばん)[はわ]|おはよう(?:ございます)?|はじめまして|初めまして|どうも|やあ|もしもし|よろしく(?:お願いします)?|hello|hi|hey|good (?:morning|evening|afternoon))(?:there)?"),
    ("greeting", r"(?:あなた|君|これ|このチャット|このアシスタント)は(?:誰|だれ|何|なに)(?:ですか|ができますか|なの)?|(?:何|なに)が(?:できますか|できるの|できる)|使い方(?:は|を教えて(?:ください)?)?|ヘルプ|help|who are you|what can you do"),
    ("thanks", r"(?:どうも)?ありがと(?:う(?:ございま(?:す|した))?)?|助かりました|了解(?:です|しました)?|thanks?(?: you)?(?: very much)?|thx"),
    ("catalogue", r"(?:(?:ここには|今)?(?:どんな|どの(?:ような)?|何の|なんの)(?:記事|資料|文書|情報源)(?:が|は)?(?:ある|あり(?:ます)?|入って(?:いる|い?ます|る)|登録されて(?:いる|い?ます|る)|読める|読めます)?(?:の|ん(?:です)?)?か?)"),
    ("catalogue", r"(?:記事|資料)(?:の)?(?:一覧|リスト)(?:は|を(?:見せて|教えて|出して|表示して)(?:ください)?)?|(?:何|なに)(?:について|を)(?:聞けば|質問すれば)(?:いい|良い|よい)(?:です)?か?|(?:何|なに)(?:を|について)(?:聞け|質問でき|答えられ)(?:る|ます)(?:の|ん(?:です)?)?か?"),
    ("catalogue", r"(?:which|what) articles (?:are there|do you have|can you read)|list (?:all )?(?:the |your )?articles|what can i ask(?: you)?"),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(f"(?:{pattern}){_END}")) for kind, pattern in _TALK)
_BETWEEN = re.compile(r"^(?:こんにちは|こんばんは|おはようございます|すみません|hello|hi)[\s。、!,]+(?=.)")


def small_talk(question: str) -> Talk | None:
    """What kind of small talk a question is, if the whole of it is nothing else."""
    folded = fold(question).strip().lower()
    for said in (folded, _BETWEEN.sub("", folded)):
        for kind, pattern in _COMPILED:
            if pattern.fullmatch(said):
                return kind
    return None
