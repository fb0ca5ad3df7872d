/**
 * C++ that is compiled into the addon ahead of tfjs-node's own sources: what sessions of recorded programs need and
 * tfjs-node cannot be asked for.
 *
 * Graphs are run as they were recorded: TensorFlow's rewriting would reorder sums and products, and with them the last bits.
 * The bytes are a ConfigProto with graph_options.rewrite_options.disable_meta_optimizer (fields 10, 10, 19) set and, in a
 * process of one thread between operations, inter_op_parallelism_threads (field 5) = -1: such a process then computes a
 * graph on node's own thread, which waits for it anyway, and not on a pool's.
 *
 * The first session of a process has one line written to the standard error, about a compiler that takes no part; it goes
 * through a copy of Abseil's log that has no switch. What is written there meanwhile is dropped: node's thread waits
 * in the call, and why a session cannot be loaded is told by its status.
 */
export const SESSION_OPTIONS = `
#include <fcntl.h>
#include <unistd.h>
#include <cstdlib>
#include <cstring>
#include "tensorflow/c/c_api.h"

static TF_SessionOptions* attribench_session_options() {
  static const unsigned char config[] = {0x52, 0x05, 0x52, 0x03, 0x98, 0x01, 0x01,
                                         0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
  static const size_t without_threads = 7;
  const char* threads = std::getenv("TF_NUM_INTEROP_THREADS");
  const bool one = threads != nullptr && std::strcmp(threads, "1") == 0;
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Status* status = TF_NewStatus();
  TF_SetConfig(options, config, one ? sizeof(config) : without_threads, status);
  if (TF_GetCode(status) != TF_OK) std::abort();
  TF_DeleteStatus(status);
  return options;
}

template <typename... Arguments>
static TF_Session* attribench_load(Arguments... arguments) {
  static bool first = true;
  const int error = first ? dup(STDERR_FILENO) : -1;
  const int nowhere = error < 0 ? -1 : open("/dev/null", O_WRONLY);
  if (nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  TF_Session* session = TF_LoadSessionFromSavedModel(arguments...);
  if (nowhere >= 0) {
    dup2(error, STDERR_FILENO);
    close(nowhere);
  }
  if (error >= 0) close(error);
  first = false;
  return session;
}

#define TF_NewSessionOptions attribench_session_options
#define TF_LoadSessionFromSavedModel attribench_load
`;
