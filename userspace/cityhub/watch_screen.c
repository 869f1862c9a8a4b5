// SPDX-License-Identifier: GPL-2.0-only
#include "cityhub/watch_screen.h"

#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* What a serial console has that does not tell its size. */
#define SCREEN_COLUMNS	80
#define SCREEN_LINES	24
#define SCREEN_MAX	1000

struct watch_screen {
	struct termios before;
	bool keys;		/* standard input is ours, @before is valid */
	bool utf8;
	struct watch_size size;
	char *shown;		/* NULL: nothing that is known */
};

bool watch_screen_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb");
}

/* In the background keys belong to somebody else. */
static bool screen_has_keys(void)
{
	return isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

void watch_screen_enter(struct watch_screen *s)
{
	struct termios t;

	s->keys = screen_has_keys() && !tcgetattr(STDIN_FILENO, &s->before);
	if (s->keys) {
		t = s->before;
		t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		t.c_cc[VMIN] = 0;
		t.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
	}
	/* The other screen, where there is one; no cursor. */
	printf("\033[?1049h\033[?25l\033[H\033[2J");
	fflush(stdout);
	free(s->shown);
	s->shown = NULL;
}

void watch_screen_leave(struct watch_screen *s)
{
	/* Below the picture, for terminals that have one screen only. */
	printf("\033[%u;1H\r\n\033[?25h\033[?1049l", s->size.lines);
	fflush(stdout);
	if (s->keys)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &s->before);
}

struct watch_screen *watch_screen_new(void)
{
	struct watch_screen *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	setlocale(LC_CTYPE, "");
	s->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	s->size = watch_screen_size(s);
	watch_screen_enter(s);
	return s;
}

void watch_screen_free(struct watch_screen *s)
{
	if (!s)
		return;
	watch_screen_leave(s);
	free(s->shown);
	free(s);
}

static unsigned int screen_number(unsigned int told, const char *variable,
				  unsigned int otherwise)
{
	const char *text = getenv(variable);

	if (!told && text)
		told = (unsigned int)strtoul(text, NULL, 10);
	return told && told <= SCREEN_MAX ? told : otherwise;
}

struct watch_size watch_screen_size(const struct watch_screen *s)
{
	struct winsize w = { 0 };

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w))
		memset(&w, 0, sizeof(w));
	return (struct watch_size){
		.columns = screen_number(w.ws_col, "COLUMNS", SCREEN_COLUMNS),
		.lines = screen_number(w.ws_row, "LINES", SCREEN_LINES),
		.utf8 = s->utf8,
	};
}

/* Is this line at @old what it was? Moves on to the next one there. */
static bool screen_same(const char **old, const char *line, size_t len)
{
	size_t n;
	bool same;

	if (!*old || !**old)
		return false;
	n = strcspn(*old, "\n");
	same = n == len && !memcmp(*old, line, len);
	*old += n + ((*old)[n] == '\n');
	return same;
}

void watch_screen_show(struct watch_screen *s, const char *text)
{
	struct watch_size size = watch_screen_size(s);
	const char *old, *line = text;
	unsigned int row = 1;

	if (size.columns != s->size.columns || size.lines != s->size.lines) {
		s->size = size;
		free(s->shown);
		s->shown = NULL;
	}
	if (!s->shown)
		printf("\033[H\033[2J");
	old = s->shown;
	for (; *line; row++) {
		size_t len = strcspn(line, "\n");

		if (!screen_same(&old, line, len))
			printf("\033[%u;1H%.*s\033[K", row, (int)len, line);
		line += len + (line[len] == '\n');
	}
	if (row <= size.lines)
		printf("\033[%u;1H\033[J", row);
	fflush(stdout);
	free(s->shown);
	s->shown = strdup(text);
}

bool watch_screen_quit(struct watch_screen *s)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char key;

	while (s->keys && poll(&p, 1, 0) > 0 &&
	       read(STDIN_FILENO, &key, 1) == 1) {
		if (key == 'q' || key == 'Q')
			return true;
		free(s->shown);
		s->shown = NULL;
	}
	return false;
}
