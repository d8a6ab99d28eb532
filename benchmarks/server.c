/*
 * A gateway of fixed answers: the first answer whose needle stands in a request is sent, after a drawn delay.
 *
 * It knows no HTTP beyond keep-alive and Content-Length, and nothing of what the answers say. One thread, one epoll.
 *
 *     server LOW_MS HIGH_MS SEED   answers on standard input, each "NEEDLE_BYTES BODY_BYTES\n" and then the bytes;
 *                                  prints its port, and runs until it is killed
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "delays.h"

enum { MOST_ANSWERS = 256, MOST_EVENTS = 512, BACKLOG = 4096, ROOM = 4096 };

struct answer {
    char *needle, *bytes;
    size_t needle_size, size;
};

struct client {
    int fd;
    int awaits; /* an answer that is not due yet */
    char *in;
    size_t in_size, in_room;
    const struct answer *out; /* what is being written, and how far it is */
    size_t written;
    struct client *next_dead;
};

static struct answer answers[MOST_ANSWERS];
static int answer_count;
static int64_t low_ns, high_ns;
static int epoll_fd, timer_fd;
static struct client *dead; /* freed once no event of this round and no timer can name them */

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void wake_at_next_due(void) {
    struct itimerspec when = {0};
    if (heap_size > 0) {
        when.it_value.tv_sec = heap[0].at / 1000000000;
        when.it_value.tv_nsec = heap[0].at % 1000000000;
    }
    timerfd_settime(timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void hang_up(struct client *client) {
    if (client->fd < 0) return;
    close(client->fd);
    client->fd = -1;
    client->next_dead = dead;
    dead = client;
}

static void bury(void) {
    struct client **place = &dead;
    while (*place != NULL) {
        struct client *client = *place;
        if (client->awaits) { /* its timer still names it */
            place = &client->next_dead;
            continue;
        }
        *place = client->next_dead;
        free(client->in);
        free(client);
    }
}

static void go_on_writing(struct client *client) {
    while (client->out != NULL) {
        const struct answer *out = client->out;
        ssize_t sent = send(client->fd, out->bytes + client->written, out->size - client->written, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) return;
        if (sent < 0) {
            hang_up(client);
            return;
        }
        client->written += (size_t)sent;
        if (client->written == out->size) client->out = NULL;
    }
}

static void start_answer(struct client *client, const struct answer *answer) {
    client->out = answer;
    client->written = 0;
    go_on_writing(client);
}

static const struct answer *chosen(const char *request, size_t size) {
    for (int each = 0; each < answer_count; each++)
        if (memmem(request, size, answers[each].needle, answers[each].needle_size) != NULL) return &answers[each];
    return NULL;
}

static size_t whole_size(const struct client *client) {
    char *end = memmem(client->in, client->in_size, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    size_t head = (size_t)(end - client->in) + 4, body = 0;
    for (char *line = client->in; line < end; line = (char *)memchr(line, '\n', (size_t)(end + 2 - line)) + 1)
        if (strncasecmp(line, "content-length:", 15) == 0) body = strtoul(line + 15, NULL, 10);
    return client->in_size >= head + body ? head + body : 0;
}

static void serve_what_is_there(struct client *client) {
    size_t size;
    while (client->fd >= 0 && client->out == NULL && !client->awaits && (size = whole_size(client)) > 0) {
        const struct answer *answer = chosen(client->in, size);
        memmove(client->in, client->in + size, client->in_size -= size);
        if (answer == NULL) {
            hang_up(client);
        } else if (high_ns == 0) {
            start_answer(client, answer);
        } else {
            int64_t delay = low_ns + (int64_t)(drawn() * (double)(high_ns - low_ns));
            client->awaits = 1;
            heap_push((struct due){now_ns() + delay, client, answer});
        }
    }
}

static void read_more(struct client *client) {
    for (;;) {
        if (client->in_room - client->in_size < ROOM) client->in = grown(client->in, client->in_room += 2 * ROOM);
        ssize_t got = recv(client->fd, client->in + client->in_size, client->in_room - client->in_size, 0);
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) {
            hang_up(client);
            return;
        }
        client->in_size += (size_t)got;
    }
    serve_what_is_there(client);
}

static void welcome(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct client *client = calloc(1, sizeof *client);
        if (client == NULL) die("calloc");
        client->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = client};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
    }
}

static void answer_what_is_due(void) {
    uint64_t fired;
    while (read(timer_fd, &fired, sizeof fired) > 0) {}
    for (int64_t now = now_ns(); heap_size > 0 && heap[0].at <= now;) {
        struct due item = heap_pop();
        item.client->awaits = 0;
        if (item.client->fd < 0) continue;
        start_answer(item.client, item.answer);
        serve_what_is_there(item.client);
    }
}

static void read_answers(void) {
    size_t needle, body;
    while (scanf("%zu %zu", &needle, &body) == 2 && getchar() == '\n') {
        if (answer_count == MOST_ANSWERS) die("too many answers");
        struct answer *answer = &answers[answer_count++];
        answer->needle = grown(NULL, needle + 1);
        answer->bytes = grown(NULL, body + 256);
        answer->needle_size = needle;
        size_t head = (size_t)sprintf(
            answer->bytes, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", body);
        answer->size = head + body;
        if (fread(answer->needle, 1, needle, stdin) != needle) die("needle");
        if (fread(answer->bytes + head, 1, body, stdin) != body) die("body");
    }
}

static int listening(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, BACKLOG) < 0) die("listen");
    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0) die("getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void allow_many_connections(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

int main(int count, char **words) {
    struct epoll_event events[MOST_EVENTS];
    if (count != 4) {
        fprintf(stderr, "usage: server LOW_MS HIGH_MS SEED\n");
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* it does not outlive the benchmark, however that ends */
    low_ns = (int64_t)(atof(words[1]) * 1e6);
    high_ns = (int64_t)(atof(words[2]) * 1e6);
    chance = strtoull(words[3], NULL, 10) * 2 + 88172645463325253ULL;
    allow_many_connections();
    read_answers();
    epoll_fd = epoll_create1(0);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    int listener = listening();
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &epoll_fd};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
    event.data.ptr = &timer_fd;
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, timer_fd, &event);
    for (;;) {
        int ready = epoll_wait(epoll_fd, events, MOST_EVENTS, -1);
        for (int each = 0; each < ready; each++) {
            void *who = events[each].data.ptr;
            struct client *client = who;
            if (who == &epoll_fd) {
                welcome(listener);
            } else if (who == &timer_fd) {
                answer_what_is_due();
            } else if (client->fd >= 0) {
                if (events[each].events & EPOLLOUT && client->out != NULL) go_on_writing(client);
                if (client->fd >= 0) read_more(client);
            }
        }
        bury();
        if (high_ns > 0) wake_at_next_due();
    }
}
