#include "cli/program.h"
#include "gc/command.h"

int main(int argc, char** argv) {
  return regctl::cli::run_program("regctl-gc", argc, argv, regctl::gc::run_command);
}
