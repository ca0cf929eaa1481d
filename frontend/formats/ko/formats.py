"""Korean says the half of the day before the hour."""

DATETIME_FORMAT = "Y년 n월 j일 A g:i"
