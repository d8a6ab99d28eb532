/* When each answer of the server is due: delays that repeat for a seed, in a heap by time. Knows no sockets. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct answer;
struct client;

struct due {
    int64_t at;
    struct client *client;
    const struct answer *answer;
};

static struct due *heap;
static size_t heap_size, heap_room;
static uint64_t chance;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void *grown(void *memory, size_t size) {
    void *larger = realloc(memory, size);
    if (larger == NULL) die("realloc");
    return larger;
}

/* xorshift64*: the same delays for the same seed, everywhere. */
static double drawn(void) {
    chance ^= chance >> 12;
    chance ^= chance << 25;
    chance ^= chance >> 27;
    return (double)((chance * 0x2545F4914F6CDD1DULL) >> 11) / 9007199254740992.0;
}

static void heap_push(struct due item) {
    if (heap_size == heap_room) heap = grown(heap, (heap_room = heap_room * 2 + 64) * sizeof *heap);
    size_t at = heap_size++;
    for (; at > 0 && heap[(at - 1) / 2].at > item.at; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = item;
}

static struct due heap_pop(void) {
    struct due first = heap[0], last = heap[--heap_size];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap_size) break;
        if (child + 1 < heap_size && heap[child + 1].at < heap[child].at) child++;
        if (heap[child].at >= last.at) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}
