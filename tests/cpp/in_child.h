// Runs a function in a forked child, so that a hang or a crash there is a failed test and no more.
#pragma once
#include <sys/wait.h>
#include <unistd.h>

#include <exception>

namespace lamina::test {

// What f returned, or -1 where the child crashed, threw, or took longer than so many seconds.
template <class F> int in_child(F&& f, unsigned seconds = 20) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(seconds);  // kills a child that hangs
    try {
      _exit(f());
    } catch (const std::exception&) {
      _exit(255);
    }
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) && WEXITSTATUS(status) != 255 ? WEXITSTATUS(status) : -1;
}

}  // namespace lamina::test
