import Commands

RootCommand.runAndExit()
