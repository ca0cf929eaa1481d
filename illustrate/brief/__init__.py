"""Article, visual facts and preset to a Brief: `compose.compose`; what is sensitive: `sensitive.is_sensitive`."""
