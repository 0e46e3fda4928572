from rules.reasoning import Step


def test_a_step_is_told_in_the_language_asked_for():
    step = Step("R25", "共十五日", "fifteen days")
    assert (step.text("zh"), step.text("en")) == ("共十五日", "fifteen days")
