"""The small magazine of make.py in Hebrew: how a page from the right looks, only words from the right can show."""

from typing import Any

from dispatch.model.book import Praise, PromoBlock, ShopLink
from dispatch.model.post import Picture, Post
from tests.rendering.make import make_book, make_post

OWN = "<p>הגאות עלתה פעמיים באותו היום, ואיש בבית המכס לא ידע לומר מדוע.</p>"
QUOTED = (
    '<blockquote cite="https://ledger.example/tides"><p>מנהל הנמל סירב להגיב על הגאות השנייה.</p>'
    "<p>— <cite>פנקס הגאות, 3 במאי</cite></p></blockquote>"
)
CLOSING = "<p>מאז הוא עוסק בגינון, וקורא את <em>The Tidal Ledger</em> בכל בוקר.</p>"
LISTED = "<ul><li>קודם הגאות</li><li>אחר כך המעבורת</li></ul>"

# As labels of a configuration would have them; what is not here is English.
WORDS = {
    "number": "גיליון {number}",
    "in_this_issue": "בגיליון הזה",
    "by": "מאת {author}",
    "minutes": "{minutes} דקות קריאה",
    "continue_reading": "להמשך קריאה",
    "replies": "{count} תגובות",
    "from_source": "מתוך {source}",
    "more_this_time": "ועוד הפעם",
    "send": "לשלוח לחבר",
    "invitation": "מכירים מישהי שתשמח לקרוא?",
    "invitation_how": "מכתב נפתח בתוכנת הדואר שלכם. איננו רואים למי כתבתם.",
    "send_issue": "לשלוח את הגיליון לחבר",
    "why": "{newsletter} נשלח אליכם כי הכתובת {address} נרשמה באתר {site}.",
    "reply": "תשובה למכתב הזה מגיעה אל העורכים.",
    "preferences": "לשנות כמה פעמים אנו כותבים",
    "unsubscribe": "להסרה מרשימת התפוצה",
}

# Values of make_page.
MAGAZINE: dict[str, Any] = {
    "site_name": "העפיפון",
    "tagline": "מכתבים מנמל קטן",
    "newsletter_name": "העפיפון",
    "sections": {"מסה": ["essays"]},
    "postal_address": "העפיפון, רחוב החבלים 3, מפרץ מרו",
    "cadence": "",
    "language": "he",
}


def hebrew_posts(picture: Picture) -> tuple[Post, ...]:
    """Four posts, of which the first has a picture and answers; with a name in another script among their words."""
    nell, ines = "נל הארו", "אינס אוקפור"
    whole = OWN + QUOTED + CLOSING
    return (
        make_post(1, title="הגאות השנייה, חלק א׳", author=nell, body=whole, picture=picture, replies=3),
        make_post(2, title="הגאות השנייה, חלק ב׳", author=ines, body=OWN + QUOTED, categories=("Notes",)),
        make_post(3, title="תיקון טעות", author=nell, body=OWN + LISTED),
        make_post(4, title="מה יודע לוח הזמנים של המעבורת", author=ines, body=whole),
    )


def hebrew_book() -> PromoBlock:
    """A book sold by two shops."""
    return make_book(
        label="מבית עפיפון",
        title="מים נמוכים",
        author="עמוס פלד",
        format="כריכה רכה, 192 עמודים",
        blurb="שנה אחת על לשון של בוץ, ומה שהיא הביאה הביתה.",
        praise=Praise("בוצי ומדויק.", "ר׳ אוסי"),
        shops=(
            ShopLink("החנות בנמל", "https://shop-one.example/low-water"),
            ShopLink("סיפור פשוט", "https://shop-two.example/low-water"),
        ),
        elsewhere="…או בכל מקום שמוכרים בו ספרים.",
    )
