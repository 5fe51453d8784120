/* Counts fsync and fdatasync, and makes each of them slower by as many microseconds as the bench says. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct state {
    _Atomic long count;
    volatile long delay_us;
};

static struct state *state;

__attribute__((constructor)) static void attach(void) {
    const char *name = getenv("SLOW_SYNC_STATE");
    int file = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *map = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (map != MAP_FAILED)
        state = map;
}

static int counted(const char *name, int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (state) {
        atomic_fetch_add(&state->count, 1);
        long delay = state->delay_us;
        if (delay > 0) {
            struct timespec wait = {delay / 1000000, delay % 1000000 * 1000};
            nanosleep(&wait, NULL);
        }
    }
    return real(file);
}

int fsync(int file) { return counted("fsync", file); }
int fdatasync(int file) { return counted("fdatasync", file); }
