/* A driver of GPUs for tests: NVML's functions, which tell what a file says, line by line:
 *     gpu PERCENT            a GPU, and how busy all of it is
 *     process PID BYTES PERCENT    one on the GPU above; PERCENT -1: the driver does not know it
 *     seen FILE              it makes this file when it has told a GPU's processes
 *     hang FILE              it does not answer at all, once it has made this file
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct { unsigned pid; unsigned long long memory; unsigned instance, compute_instance; } Process;
typedef struct { unsigned pid; unsigned long long at; unsigned busy, memory, encoder, decoder; } Sample;
typedef struct { unsigned gpu, memory; } Rates;

enum { MOST = 1000, SUCCESS = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, GONE = 15 };

static int gpus, count[8], busy[8][MOST], whole[8];
static Process found[8][MOST];
static char seen[200];

static int look(void) {
    FILE *file = fopen(getenv("GPUS_OF_TEST"), "r");
    char line[200], note[200];
    gpus = 0;
    seen[0] = 0;
    if (!file) return GONE;
    while (fgets(line, sizeof line, file)) {
        unsigned pid; unsigned long long memory; int percent;
        if (sscanf(line, "gpu %d", &percent) == 1) { whole[gpus] = percent; count[gpus++] = 0; }
        else if (gpus && sscanf(line, "process %u %llu %d", &pid, &memory, &percent) == 3) {
            int g = gpus - 1, i = count[g]++;
            found[g][i] = (Process){pid, memory, 0, 0};
            busy[g][i] = percent;
        }
        else if (sscanf(line, "seen %199s", seen) == 1) continue;
        else if (sscanf(line, "hang %199s", note) == 1) { fclose(fopen(note, "w")); for (;;) pause(); }
    }
    fclose(file);
    return SUCCESS;
}

static int of(void *device) { look(); return (int)(size_t)device - 1; }

int nvmlInit_v2(void) { return look(); }
int nvmlDeviceGetCount_v2(unsigned *many) { *many = gpus; return SUCCESS; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device) { *device = (void *)(size_t)(i + 1); return SUCCESS; }

int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *many, Process *out) {
    int g = of(device), room = *many;
    *many = count[g];
    if (room < count[g]) return TOO_SMALL;
    memcpy(out, found[g], count[g] * sizeof(Process));
    if (seen[0]) fclose(fopen(seen, "w"));
    return SUCCESS;
}

int nvmlDeviceGetProcessUtilization(void *device, Sample *out, unsigned *many, unsigned long long since) {
    int g = of(device), room = *many, n = 0;
    if (!out) { *many = 2 * MOST; return TOO_SMALL; }
    for (int i = 0; i < count[g]; i++)
        if (busy[g][i] < 0) return NOT_SUPPORTED;
        else if (busy[g][i] > 0)
            for (int k = 0; k < 2 && n < room; k++)  /* two samples, above and below what the file says */
                out[n++] = (Sample){found[g][i].pid, since + 1 + k, busy[g][i] + (k ? 5 : -5), 0, 0, 0};
    *many = n;
    return n ? SUCCESS : NOT_FOUND;
}

int nvmlDeviceGetUtilizationRates(void *device, Rates *rates) {
    rates->gpu = whole[of(device)];
    rates->memory = 0;
    return SUCCESS;
}
