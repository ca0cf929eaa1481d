import os, pytest
from django.db import connection
@pytest.mark.django_db
def test_bump():
    with connection.cursor() as c:
        c.execute("SELECT setval('articles_article_id_seq', %s)", [int(os.environ["BUMP"])])
