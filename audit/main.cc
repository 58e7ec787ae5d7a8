#include "audit/command.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  return regctl::cli::run_program("regctl-audit", argc, argv, regctl::audit::run_command);
}
