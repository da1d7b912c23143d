// ipguardctl: everything is in cli/.
#include "cli/command.h"

int main(int argc, char** argv) { return ipguard::cli::run(argc, argv); }
