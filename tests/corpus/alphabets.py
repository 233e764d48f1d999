"""A letter in every alphabet: UTF-8 in quoted-printable, base64 and 8bit, the subject in encoded-words."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.build import b64, b_words, message, qp
from tests.corpus.sample import Sample

SENTENCES = {
    "portuguese": "A menina não comeu o pão de açúcar às três e meia",
    "french": "L'été, où garçons et filles mangent des œufs à Nîmes",
    "german": "Zwölf große Bären grüßen übermütig am Fluß",
    "icelandic": "Það er ævintýri að búa í þessu þorpi",
    "polish": "Zażółć gęślą jaźń, powiedział żołnierz",
    "czech": "Příliš žluťoučký kůň skákal přes řeku",
    "hungarian": "Árvíztűrő tükörfúrógép őrzi a könyvet",
    "turkish": "İstanbul'da ılık bir güneş, çiğ ve şeker",
    "vietnamese": "Buổi sáng ở Hà Nội, người ta uống cà phê sữa đá",
    "greek": "Η θάλασσα είναι γαλάζια και ο ουρανός ψηλός",
    "russian": "Съешь ещё этих мягких булок да выпей чаю",
    "ukrainian": "Їжак з'їв ґудзик під яблунею",
    "bulgarian": "Жълтата дюля беше щастлива в кошницата",
    "armenian": "Բարի լույս, այսօր արևոտ օր է",
    "georgian": "დილა მშვიდობისა, დღეს მზიანი დღეა",
    "hebrew": "שלום, מה שלומך היום בבוקר?",
    "arabic": "صباح الخير، كيف حالك اليوم؟",
    "persian": "گل‌های باغچه امروز شکفته‌اند",
    "urdu": "آج موسم بہت خوشگوار ہے",
    "hindi": "आज सुबह बाज़ार में बहुत भीड़ थी",
    "bengali": "আজ সকালে খুব বৃষ্টি হয়েছিল",
    "tamil": "இன்று காலை மழை பெய்தது",
    "telugu": "ఈ రోజు ఉదయం వర్షం పడింది",
    "kannada": "ಇಂದು ಬೆಳಿಗ್ಗೆ ಮಳೆ ಬಂತು",
    "malayalam": "ഇന്ന് രാവിലെ മഴ പെയ്തു",
    "gujarati": "આજે સવારે વરસાદ પડ્યો",
    "punjabi": "ਅੱਜ ਸਵੇਰੇ ਮੀਂਹ ਪਿਆ",
    "sinhala": "අද උදේ වැස්ස ඇද හැලුණා",
    "thai": "เช้านี้ฝนตกหนักมาก",
    "lao": "ເຊົ້ານີ້ຝົນຕົກໜັກ",
    "burmese": "ဒီမနက် မိုးရွာတယ်",
    "khmer": "ព្រឹកនេះភ្លៀងធ្លាក់ខ្លាំង",
    "tibetan": "དེ་རིང་ཞོགས་པ་ཆར་པ་བབས་སོང་",
    "amharic": "ዛሬ ጠዋት ዝናብ ዘነበ",
    "cherokee": "ᎣᏏᏲ ᏙᎯᏧ",
    "inuktitut": "ᐅᓪᓛᒃᑯᑦ ᐊᓐᓄᕌᑦ",
    "mongolian": "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ",
    "simplified chinese": "今天早上市场里人很多，天气晴朗",
    "traditional chinese": "今天早上市場裡人很多，天氣晴朗",
    "japanese": "今朝は市場がとても混んでいました。カタカナもあります",
    "korean": "오늘 아침 시장에는 사람이 아주 많았습니다",
    "emoji": "👩‍👩‍👧‍👦 and 🏳️‍🌈 meet 🇵🇹 at 1️⃣ o'clock",
    "combining": "Cafe\u0301, a\u0308 o\u0308 u\u0308, n\u0303",
    "mathematics": "∀x∈ℝ: ∛x³ = x, 𝔸𝕓𝕔 𝛼𝛽",
    "bidirectional": "price \u202b١٢٣ ريال\u202c and 456",
    "beyond the plane": "𐍈𐌰𐌹𐍂𐌲 𒀀𒀁 🜁",
}


def samples() -> Iterator[Sample]:
    """Three transports take turns."""
    for number, (name, text) in enumerate(SENTENCES.items()):
        body = (text + "\r\n" + text + "\r\n").encode()
        encoding, sent = (("quoted-printable", qp(body)), ("base64", b64(body)), ("8bit", body))[number % 3]
        yield Sample(
            f"alphabet {name}",
            message(
                f"Subject: {b_words(text, 'utf-8')}",
                f"Message-ID: <alphabet-{number}@origem.test>",
                "Content-Type: text/plain; charset=utf-8",
                f"Content-Transfer-Encoding: {encoding}",
                body=sent,
            ),
            subject=text,
            text=text + "\n" + text,
        )
