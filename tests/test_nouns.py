"""The noun table, and questions in eleven languages linked by it to an English catalogue of the tests' own."""

from functools import cache

import pytest

from knowledge.asked import Asked, Reader
from knowledge.lexicon import LANGUAGES, NOUN_COLUMNS, Phrases, _noun_rows, fold, lexicon, noun_parents, words
from knowledge.link import Linker, things
from knowledge.product import Product
from tests.shop import variant

WORDLESS = {"footwear", "home", "kitchen", "audio", "plantware", "decor", "drinkware"}  # only hold others together


def made(handle: str, title: str, kind: str) -> Product:
    return Product(handle, title, (variant(handle.upper(), "10.00", 3),), kind)


SHOP = (
    made("armchair", "Velora Armchair", "Armchair"),
    made("rug", "Tessa Wool Rug", "Rug"),
    made("sideboard", "Oslo Oak Sideboard", "Sideboard"),
    made("dining", "Haven Dining Table", "Dining Table"),
    made("bed", "Nordby Bed Frame", "Bed Frame"),
    made("espresso", "Torre Espresso Machine", "Espresso Machine"),
    made("vacuum", "Zippo Robot Vacuum", "Robot Vacuum"),
    made("fryer", "Crisp Air Fryer 5 L", "Air Fryer"),
    made("dryer", "Gale Hair Dryer", "Hair Dryer"),
    made("balm", "Honey Lip Balm", "Lip Balm"),
    made("lipstick", "Rosa Lipstick", "Lipstick"),
    made("hijab", "Layla Chiffon Hijab", "Hijab"),
    made("stroller", "Toddle Stroller", "Stroller"),
    made("controller", "Apex Game Controller", "Game Controller"),
    made("ring", "Luna Moonstone Ring", "Ring"),
    made("tea", "Misty Peak Oolong", "Tea"),
)


@cache
def shop() -> tuple[Linker, Reader]:
    linker = Linker(SHOP)
    return linker, Reader(linker.mentions, linker.vocabulary)


def read(question: str, language: str) -> Asked:
    return shop()[1].read(question, language=language)


def named(question: str, language: str) -> set[str]:
    return {m.candidates[0][0] for m in read(question, language).mentions if m.weight >= 1}


LINKED = [
    ("zh", "安乐椅多少钱", "armchair"), ("zh", "地毯多大", "rug"), ("zh", "餐边柜是什么材质", "sideboard"),
    ("zh", "咖啡机保修多久", "espresso"), ("zh", "润唇膏有货吗", "balm"), ("zh", "扫地机器人多少钱", "vacuum"),
    ("th", "เก้าอี้ราคาเท่าไหร่", "armchair"),
    ("th", "พรมราคาเท่าไหร่", "rug"),
    ("th", "ลิปบาล์มเท่าไหร่", "balm"),
    ("th", "เครื่องชงกาแฟรับประกันกี่ปี", "espresso"),
    ("th", "หม้อทอดไร้น้ำมันกี่ลิตร", "fryer"),
    ("th", "เตียงขนาดเท่าไหร่", "bed"),
    ("vi", "máy pha cà phê bảo hành bao lâu", "espresso"),
    ("vi", "ghế bành giá bao nhiêu", "armchair"),
    ("vi", "thảm này bao nhiêu tiền", "rug"),
    ("vi", "son dưỡng còn hàng không", "balm"),
    ("vi", "may say toc gia bao nhieu", "dryer"),
    ("id", "kursi santainya berapa kak", "armchair"),
    ("id", "mesin kopi garansi berapa lama", "espresso"),
    ("id", "kerudungnya bahan apa", "hijab"), ("id", "karpet ukuran berapa", "rug"),
    ("es", "¿cuánto cuesta el sillón?", "armchair"),
    ("es", "¿la freidora de aire tiene garantía?", "fryer"),
    ("es", "precio del aparador", "sideboard"),
    ("es", "¿cuánto mide la alfombra?", "rug"),
    ("es", "precio del bálsamo labial", "balm"),
    ("fr", "combien coûte le tapis ?", "rug"),
    ("fr", "le fauteuil est en quelle matière ?", "armchair"),
    ("fr", "prix de la machine à expresso", "espresso"),
    ("fr", "la poussette pèse combien ?", "stroller"),
    ("de", "wie viel kostet der Sessel?", "armchair"),
    ("de", "was kostet der Saugroboter?", "vacuum"),
    ("de", "aus welchem Holz ist die Anrichte?", "sideboard"),
    ("de", "wie groß ist der Esstisch?", "dining"),
    ("pt", "quanto custa a poltrona?", "armchair"),
    ("pt", "qual o preço do secador de cabelo?", "dryer"),
    ("pt", "o batom é de que cor?", "lipstick"), ("pt", "quanto custa o anel?", "ring"),
    ("ja", "ロボット掃除機はいくらですか", "vacuum"),
    ("ja", "リップクリームはありますか", "balm"),
    ("ja", "ベビーカーの重さは", "stroller"),
    ("hi", "आरामकुर्सी कितने की है", "armchair"),
    ("hi", "अंगूठी का दाम क्या है", "ring"),
    ("hi", "कालीन कितने का है", "rug"),
    ("en", "how much is the recliner", "armchair"),
    ("en", "price of the gamepad?", "controller"),
    ("en", "is the ring silver?", "ring"),
    ("en", "how much is the green tea", "tea"),
]  # fmt: skip

STRANGE = [
    ("en", "how much is the mattress"),
    ("en", "do you have a rice cooker"),
    ("en", "price of the wardrobe?"),
    ("zh", "电饭煲多少钱"),
    ("zh", "床垫有货吗"),
    ("th", "ที่นอนราคาเท่าไหร่"),
    ("th", "ทุเรียนกิโลละเท่าไหร่"),
    ("vi", "nồi cơm điện bao nhiêu tiền"),
    ("vi", "tủ lạnh mini giá bao nhiêu"),
    ("id", "kasurnya berapa"),
    ("es", "¿cuánto cuesta el colchón?"),
    ("es", "precio de la arrocera"),
    ("fr", "combien coûte le matelas ?"),
    ("de", "was kostet der Kleiderschrank?"),
    ("pt", "quanto custa o colchão?"),
    ("ja", "炊飯器はいくらですか"),
    ("hi", "गद्दा कितने का है"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "question", "handle"), LINKED)
def test_a_question_in_any_language_finds_the_product(language: str, question: str, handle: str) -> None:
    assert named(question, language) == {handle}
    assert not shop()[0].strange(read(question, language).nouns)


@pytest.mark.parametrize(("language", "question"), STRANGE)
def test_a_thing_that_the_shop_does_not_sell_is_strange(language: str, question: str) -> None:
    assert not named(question, language)
    assert shop()[0].strange(read(question, language).nouns)


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("zh", "能放洗碗机吗"),
        ("es", "¿se puede meter en el horno?"),
        ("de", "passt das in die Spülmaschine?"),
        ("vi", "bao nhieu tien vay shop"),
        ("vi", "dep qua shop oi"),
        ("th", "ยาวกี่เซน"),
        ("th", "ชาร์จเร็วไหม"),
        ("ja", "日本に送れますか"),
        ("ja", "どんな種類がありますか"),
        ("es", "¿viene con cable?"),
        ("id", "baterainya tahan berapa jam"),
        ("en", "does it come with a charger?"),
    ],
)  # fmt: skip
def test_words_that_only_look_like_things_are_none(language: str, question: str) -> None:
    assert not read(question, language).nouns


@pytest.mark.parametrize("noun", sorted(_noun_rows()))
def test_rows_are_whole(noun: str) -> None:
    wider, *cells = _noun_rows()[noun]
    assert len(cells) == len(NOUN_COLUMNS) == len(LANGUAGES)
    assert set(wider.split()) <= set(_noun_rows()) and noun not in noun_parents()[noun]
    assert noun in WORDLESS or all(cells)
    for cell in cells:
        found = [fold(word.lstrip("~"), accents=True) for word in cell.split("|") if word]
        assert len(found) == len(set(found)) and all(words(word) for word in found)


def test_a_title_is_what_its_last_words_say() -> None:
    assert things(made("a", "Honey Lip Balm with Mirror", "")) == {"lip_balm"}
    assert things(made("a", "Chocolate Brown Coffee Table", "")) == {"coffee_table"}
    assert things(made("a", "T-Shirt", "T-Shirt")) == {"tshirt"}
    assert things(made("a", "Bàn làm việc gỗ sồi", "")) == {"desk"}


def test_vietnamese_words_of_one_syllable_need_their_marks() -> None:
    assert not lexicon("vi", False).find("nouns", words("vay"))
    assert {m.label for m in lexicon("vi", True).find("nouns", words("váy", accents=True))} == {"dress"}


def test_phrases_are_found_by_their_first_word_whole_or_open() -> None:
    table = Phrases([("sofa* bed", "a"), ("sofa", "b"), ("so", "c")])
    assert [m.label for m in table.find(words("sofas bed sofa so"))] == ["a", "b", "c"]
